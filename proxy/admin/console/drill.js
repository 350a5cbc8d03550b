// A drill: begun in a dialog, followed until it is over, told as a time line of what arrived where.

import * as api from "./api.js";
import { badge, byId, el, facts, sheet } from "./dom.js";
import { ask, reasonField, selectField } from "./dialog.js";
import { action, time } from "./parts.js";
import { number, say } from "./words.js";

const LOOK_MS = 1000;
const SECONDS = 30;
const SECONDS_MAX = 3600;
const NEVER = Number.MAX_SAFE_INTEGER;
const KINDS = { done: "good", failed: "bad", running: "warn" };

let soon = null; // At most one look is waiting, however often the page is drawn meanwhile.
let watched = 0; // The number of the drill whose end is still to be told.

/** Whether the feature goes down for so long, too; nothing happens unless it is chosen. */
function takeDownField() {
  const no = el("input", { type: "radio", name: "take-down", id: "take-down-no", checked: true });
  const yes = el("input", { type: "radio", name: "take-down", id: "take-down-yes", "aria-describedby": "take-down-warning" });
  const seconds = el("input", {
    type: "number", id: "take-down-seconds", min: 1, max: SECONDS_MAX, value: SECONDS, "aria-label": say("drill.seconds"),
    "aria-describedby": "take-down-warning", input: () => { yes.checked = true; },
  });
  return {
    node: el("fieldset", null, el("legend", null, say("drill.take-down")),
      el("div", { class: "choice" }, no, el("label", { for: "take-down-no" }, say("drill.take-down.no"))),
      el("div", { class: "choice" }, yes, el("label", { for: "take-down-yes" }, say("drill.take-down.yes")), seconds),
      el("p", { class: "banner warn", id: "take-down-warning" }, say("drill.warning"))),
    read: (order) => {
      if (!yes.checked) {
        return null;
      }
      const value = Number(seconds.value);
      if (!Number.isInteger(value) || value < 1 || value > SECONDS_MAX) {
        return [say("drill.seconds.wrong", { most: SECONDS_MAX }), seconds];
      }
      order.take_down = value;
      return null;
    },
  };
}

function askDrill(app) {
  const names = app.status.features.map((feature) => feature.name);
  ask({
    title: say("drill.ask"), why: say("drill.why"), confirm: say("drill.confirm"), danger: true,
    fields: [selectField("feature", say("feature"), names.map((name) => [name, name])), reasonField(), takeDownField()],
    run: async (order) => {
      const drill = await api.post("/drill", order);
      watched = drill.drill;
      app.toast(say("drill.begun"));
      await app.refresh();
    },
  });
}

/** Looks again soon while one is under way, and says how it ended. */
export function follow(app, drill) {
  if (drill.state === "running") {
    watched = drill.drill;
    clearTimeout(soon);
    soon = setTimeout(() => { if (!document.hidden && !byId("dialog").open) { app.refresh(); } }, LOOK_MS);
  } else if (watched !== 0 && drill.drill === watched) {
    watched = 0;
    app.toast(say(drill.passed ? "drill.passed" : "drill.failed"));
  }
}

/** [what, when in ms or null, kind, more]; null: not yet, or not at all. */
function stepsOf(drill) {
  const { refused, recorded, alerts, down, up } = drill;
  const steps = [
    [say("drill.refused", { status: refused.status }), refused],
    [[say("drill.recorded"), recorded.incident ? [" ", el("a", { href: `#/incidents/${recorded.incident}` }, say("incident.title", { id: recorded.incident, feature: drill.feature }))] : ""], recorded],
    ...alerts.map((item) => [say("drill.alert", { type: item.type, alert: item.alert }), item, item.error]),
  ];
  if (down) {
    steps.push([say("drill.down", { name: drill.feature, seconds: number(down.for_s) }), down],
      [say("drill.up", { name: drill.feature }), up]);
  }
  return steps.sort((a, b) => (a[1].after_ms ?? NEVER) - (b[1].after_ms ?? NEVER));
}

function step([what, { arrived, after_ms: after }, error], running) {
  const late = say(running ? "drill.waiting" : "drill.missing");
  return el("li", { class: arrived ? "good" : running ? null : "bad" },
    el("time", null, arrived ? say("drill.after", { count: number(after) }) : late),
    what, error && !arrived ? ` (${error})` : "");
}

function timeline(drill) {
  const running = drill.state === "running";
  if (!drill.refused) {
    return el("p", { class: "note" }, say("drill.waiting"));
  }
  return [
    el("ol", { class: "line", id: "drill-line", "aria-label": say("drill.line") }, stepsOf(drill).map((item) => step(item, running))),
    drill.alerts.length === 0 ? el("p", { class: "note" }, say("drill.no-receiver")) : "",
  ];
}

function outcome(drill) {
  const state = drill.state === "running" ? "running" : drill.passed ? "done" : "failed";
  const text = { running: "drill.running", done: "drill.passed", failed: "drill.failed" }[state];
  return badge(say(text), KINDS[state]);
}

export function drillSheet(app, drill) {
  const running = drill.state === "running";
  return sheet(say("drill.title"),
    el("p", { class: "note" }, say("drill.about")),
    el("div", { class: "row" }, action(app, "drill-begin", say("drill.begin"), () => askDrill(app),
      { blocked: running ? say("drill.running") : "" })),
    drill.state ? [
      el("h3", null, say("drill.last"), " ", outcome(drill)),
      facts([
        [say("feature"), drill.feature], [say("route"), drill.route], [say("by"), drill.who], [say("reason"), drill.reason],
        [say("at"), drill.at ? time(drill.at) : null], [say("result"), drill.error],
      ]),
      timeline(drill),
    ] : el("p", { id: "drill-none" }, say("drill.none")));
}
