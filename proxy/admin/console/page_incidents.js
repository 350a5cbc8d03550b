// All incidents, newest first.

import * as api from "./api.js";
import { badge, el, sheet, table } from "./dom.js";
import { time, title, why } from "./parts.js";
import { number, say } from "./words.js";

let openOnly = false;

export async function load() {
  return api.get(`/incidents${openOnly ? "?open=1" : ""}`);
}

function choice(app, id, wanted) {
  return el("button", {
    type: "button", id, "aria-pressed": String(openOnly === wanted), class: openOnly === wanted ? "main" : "",
    click: () => { openOnly = wanted; app.refresh(); },
  }, say(id));
}

function row(incident) {
  return [
    el("a", { href: `#/incidents/${incident.id}` }, String(incident.id)),
    [incident.feature || say("none"), incident.drill ? [" ", badge(say("drill"), "warn")] : ""],
    badge(say(`state.${incident.state}`), incident.state === "open" ? "bad" : ""),
    time(incident.opened_at),
    time(incident.last_at),
    number(incident.cases),
    number(incident.displays),
    why(incident.reason),
  ];
}

export function render(app, { incidents }) {
  return [
    title(say("page.incidents"), choice(app, "incidents.all", false), choice(app, "incidents.open", true)),
    sheet(say("page.incidents"), incidents.length === 0 ? el("p", null, say("incidents.none")) :
      table("incident-table", say("page.incidents"), [
        [say("number"), ""], [say("feature"), ""], [say("state"), ""], [say("opened"), ""], [say("last"), ""],
        [say("cases"), "n"], [say("displays"), "n"], [say("what-happened"), "wrap"],
      ], incidents.map(row))),
  ];
}
