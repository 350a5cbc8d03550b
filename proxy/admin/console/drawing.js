// Who saw whom: persons in three columns, an arrow from each viewer to whose data it was. Persons
// that have nothing to do with each other stand in groups of their own, so arrows stay short.

import { draw } from "./dom.js";
import { say } from "./words.js";

const COLUMNS = { viewer: 8, both: 168, subject: 328 };
const BOX = { width: 144, height: 24, step: 34 };
const TOP = 30;
const WIDTH = 480;
const PERSONS_MAX = 90;

function groupsOf(cases) {
  const group = new Map();
  const root = (name) => {
    while (group.get(name) !== name) {
      name = group.get(name);
    }
    return name;
  };
  for (const { viewer, subject } of cases) {
    for (const name of [viewer, subject]) {
      if (!group.has(name)) {
        group.set(name, name);
      }
    }
    group.set(root(viewer), root(subject));
  }
  const groups = new Map();
  for (const item of cases) {
    const name = root(item.viewer);
    groups.set(name, [...(groups.get(name) || []), item]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

function place(groups) {
  const viewers = new Set(groups.flat().map((item) => item.viewer));
  const subjects = new Set(groups.flat().map((item) => item.subject));
  const places = new Map();
  let top = TOP;
  for (const cases of groups) {
    const rows = { viewer: 0, both: 0, subject: 0 };
    for (const name of cases.flatMap((item) => [item.viewer, item.subject])) {
      if (!places.has(name) && places.size < PERSONS_MAX) {
        const role = viewers.has(name) ? (subjects.has(name) ? "both" : "viewer") : "subject";
        places.set(name, { role, x: COLUMNS[role], y: top + rows[role] * BOX.step });
        rows[role] += 1;
      }
    }
    top += Math.max(rows.viewer, rows.both, rows.subject) * BOX.step + 8;
  }
  return { places, height: top };
}

function arrow(from, to, left) {
  const middle = BOX.height / 2;
  const forward = to.x > from.x;
  const x1 = forward ? from.x + BOX.width : from.x;
  const x2 = forward || to.x === from.x ? to.x : to.x + BOX.width;
  const y1 = from.y + middle;
  const y2 = to.y + middle;
  const bend = to.x === from.x ? (to.y > from.y ? -22 : 22) : 0;
  const line = bend < 0
    ? `M${x1} ${y1} C${x1 - 22} ${y1} ${x2 - 22} ${y2} ${x2 - 3} ${y2}`
    : bend > 0
      ? `M${x1 + BOX.width} ${y1} C${x1 + BOX.width + 22} ${y1} ${x2 + BOX.width + 22} ${y2} ${x2 + BOX.width + 3} ${y2}`
      : `M${x1} ${y1} L${x2 + (forward ? -3 : 3)} ${y2}`;
  return draw("path", { d: line, class: left ? "delivered" : "withheld", "marker-end": `url(#${left ? "tip-left" : "tip"})` });
}

function tip(id, kind) {
  return draw("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" },
    draw("path", { d: "M0 0L8 4L0 8z", class: kind }));
}

function shorten(name) {
  return name.length > 18 ? `${name.slice(0, 17)}…` : name;
}

/** `cases`: [{viewer, subject, left}]; `share`: how much left, "none", "some" or "all". */
export function whoSawWhom(cases, share) {
  const { places, height } = place(groupsOf(cases));
  const heads = Object.entries(COLUMNS).map(([role, x]) =>
    draw("text", { class: "head", x: x + BOX.width / 2, y: 16, "text-anchor": "middle" },
      say({ viewer: `drawing.viewers.${share}`, both: "drawing.both", subject: "drawing.subjects" }[role])));
  const persons = [...places].map(([name, at]) => draw("g", { class: at.role },
    draw("title", null, name),
    draw("rect", { x: at.x, y: at.y, width: BOX.width, height: BOX.height, rx: 6 }),
    draw("text", { x: at.x + BOX.width / 2, y: at.y + 16, "text-anchor": "middle" }, shorten(name))));
  const arrows = cases.filter((item) => places.has(item.viewer) && places.has(item.subject))
    .map((item) => arrow(places.get(item.viewer), places.get(item.subject), item.left));
  const label = say("drawing.label", {
    cases: cases.length, viewers: new Set(cases.map((item) => item.viewer)).size,
    subjects: new Set(cases.map((item) => item.subject)).size,
  });
  return draw("svg", { class: "drawing", viewBox: `0 0 ${WIDTH} ${height}`, role: "img", "aria-label": label },
    draw("defs", null, tip("tip", null), tip("tip-left", "delivered")), heads, arrows, persons);
}

/** What the arrows mean: [as it is drawn, in words]. */
export function legend() {
  const line = (kind) => draw("svg", { class: "drawing key", viewBox: "0 0 40 8", "aria-hidden": "true" },
    draw("path", { d: "M0 4L40 4", class: kind }));
  return [[line("withheld"), say("drawing.withheld")], [line("delivered"), say("drawing.left")]];
}

/** Bars of shares, the oldest left. `hours`: [{share, at}], a share of null where nothing came. */
export function history(hours, label) {
  const step = 132 / Math.max(hours.length, 12);
  return draw("svg", { class: "spark", viewBox: "0 0 132 30", role: "img", "aria-label": label, preserveAspectRatio: "none" },
    hours.map(({ share, at }, index) => {
      const high = share === null ? 2 : Math.max(2, share * 30);
      return draw("rect", {
        x: index * step, y: 30 - high, width: Math.max(step - 1, 0.5), height: high,
        class: share === null ? "none" : share < 0.99 ? "low" : null,
      }, draw("title", null, `${at} ${share === null ? "" : share}`));
    }));
}
