// What several pages are made of.

import { badge, el } from "./dom.js";
import { languageNow, number, say, sayOr, sayWith, told } from "./words.js";

const PAIRS_SHOWN = 5;

/** A point in time in the person's own zone; the machine's form is in the attribute. */
export function time(at, { short = false } = {}) {
  if (!at) {
    return say("never");
  }
  const form = short ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "medium" };
  return el("time", { datetime: at, title: at }, new Intl.DateTimeFormat(languageNow(), form).format(new Date(at)));
}

/** What a detector's reason means, and the word itself; what else is there, as it is or translated. */
export function why(reason) {
  const meaning = sayOr(`why.${reason}`, "");
  return meaning ? `${meaning} (${reason})` : told(reason);
}

/** Whether a feature was changed by a drill: the proxy begins the reason with it. */
export function isDrillReason(reason) {
  return /^drill: /.test(reason || "");
}

export function cases(count) {
  return say("cases-count", { count });
}

/** A tile: a number under the name of what is counted. */
export function figure(key, count, kind) {
  return [say(key, { count }), number(count), kind];
}

/** What left the proxy, of an incident's figures. */
export function left(incident) {
  const { withheld, cut, delivered } = incident.outcomes;
  return cut + delivered === 0
    ? say("nothing-left", { count: withheld })
    : say("some-left", incident.outcomes);
}

/** How much of what was displayed has left: "none", "some" or "all" of it. */
export function share({ withheld, cut, delivered }) {
  return cut + delivered === 0 ? "none" : withheld === 0 ? "all" : "some";
}

/** Whom each viewer saw or was to see, out of the displays of an incident. */
export function casesOf({ rows }) {
  const found = new Map();
  for (const row of rows) {
    if (!row.subject || row.one_of_two) {
      continue;
    }
    const key = `${row.viewer}\n${row.subject}`;
    const item = found.get(key) || { viewer: row.viewer, subject: row.subject, screens: new Set(), displays: 0, left: false };
    item.screens.add(row.screen);
    item.displays += row.count;
    item.left = item.left || row.cut + row.delivered > 0;
    found.set(key, item);
  }
  return [...found.values()];
}

/** A name; a pseudonym is never broken in two. */
export function person(name) {
  return el("span", { class: /^[a-z]-[0-9a-f]+$/.test(name) ? "whole" : null }, name);
}

function people(incident) {
  const found = casesOf(incident);
  const lines = found.slice(0, PAIRS_SHOWN).map((item) => el("li", null,
    sayWith(item.left ? "saw.left" : "saw", { viewer: person(item.viewer), subject: person(item.subject) })));
  if (incident.cases > PAIRS_SHOWN) {
    lines.push(el("li", null, say("and-more", { count: incident.cases - PAIRS_SHOWN })));
  }
  return lines.length > 0 ? el("ul", null, lines) : null;
}

/** What is down, and how many cases. */
export function headline(app, incident) {
  const feature = app.status.features.find((item) => item.name === incident.feature);
  const heading = feature && feature.state !== "up"
    ? say(`is-${feature.state}`, { name: feature.name }) : say("incident-open", { id: incident.id });
  return [`${heading}: ${cases(incident.cases)}`, incident.drill ? [" ", badge(say("drill"), "warn")] : ""];
}

/** The data on a screen, as a text. */
export function data({ shows }) {
  return shows.join(say("comma"));
}

/** The first that an alarmed person asks: what, whose, on which screen, what of it left. */
export function gist(incident) {
  return [
    [say("what-happened"), why(incident.reason)],
    [say(`whose.${share(incident.outcomes)}`), people(incident)],
    [say("screen-data"), el("ul", null, incident.screens.map((item) =>
      el("li", null, item.shows.length > 0 ? `${item.screen}: ${data(item)}` : item.screen)))],
    [say("what-left"), left(incident)],
  ];
}

/** A short, copyable piece of a long number. */
export function code(text) {
  return text ? el("span", { class: "code" }, text) : "";
}

/** A session's fingerprint that leads to what is known of it. */
export function sessionLink(fingerprint) {
  return fingerprint && /^[0-9a-f]{32}$/.test(fingerprint)
    ? el("a", { href: `#/sessions/${fingerprint}`, class: "code" }, fingerprint)
    : code(fingerprint);
}

/** A button that a viewer sees but cannot use, with the reason on it. */
export function action(app, id, text, run, { kind = "", blocked = "" } = {}) {
  const reason = app.me.role === "operator" ? blocked : say("needs-operator");
  return el("button", {
    type: "button", id, class: kind, title: reason,
    "aria-disabled": reason ? "true" : null,
    "aria-describedby": reason ? `${id}-why` : null,
    click: () => (reason ? app.toast(reason) : run()),
  }, text, reason ? el("span", { class: "quiet", id: `${id}-why` }, reason) : "");
}

/** Title, buttons and all that stands first on a page. */
export function title(text, ...buttons) {
  return el("div", { class: "headed" }, el("h1", { id: "title", tabindex: "-1" }, text),
    buttons.length > 0 ? el("div", { class: "row" }, buttons) : "");
}

/** A bound in seconds, as people read it; null: nothing was measured. */
export function within(seconds) {
  if (seconds === null) {
    return "–";
  }
  return seconds < 1 ? say("within.ms", { count: number(seconds * 1000) }) : say("within.s", { count: number(seconds) });
}

export function rows(items) {
  return el("ul", { class: "rows" }, items.map((item) => el("li", null, item)));
}
