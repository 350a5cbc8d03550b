// The stream of findings: a list on the overview, and a spoken word for what is grave.

import * as api from "./api.js";
import { badge, byId, el, renew } from "./dom.js";
import { isDrillReason, time, why } from "./parts.js";
import { say, sayOr } from "./words.js";

const KEPT = 100;
const AGAIN_MS = 3000;
const GRAVE = ["incident.opened", "feature.down"];
let events = [];
let last = null;
let running = null;
let connected = false;
let looking = null;
let known = new Map(); // Of incidents by number: what an event does not tell of its own.

function wordOf(event) {
  return sayOr(`event.${event.type}`, say("event.other"));
}

function isDrill(event) {
  return Boolean(known.get(event.incident)?.drill) || (event.type.startsWith("feature.") && isDrillReason(event.detail));
}

/** The incident, then what is new of it: a display's screen and outcome, else by whom and why. */
function about(event) {
  const feature = known.get(event.incident)?.feature;
  const parts = event.incident ? [el("a", { href: `#/incidents/${event.incident}` }, feature
    ? say("incident.title", { id: event.incident, feature }) : say("incident.number", { id: event.incident }))] : [];
  const detail = event.type === "display" ? sayOr(`outcome.${event.detail}`, event.detail) : why(event.detail);
  return [...parts, event.about === feature ? "" : event.about, detail]
    .filter(Boolean).flatMap((part, index) => (index > 0 ? [" · ", part] : [part]));
}

function item(event) {
  return el("li", { class: event.fresh ? "fresh" : null }, time(event.at, { short: true }), el("strong", null, wordOf(event)),
    el("span", null, about(event), isDrill(event) ? [" ", badge(say("drill"), "warn")] : ""));
}

/** Everything again, in the language in force and with what is known by now. */
export function showEvents() {
  byId("live-title").textContent = say("live");
  showState();
  renew(byId("live-list"), events.length > 0 ? events.map(item) : el("li", { id: "live-empty" }, say("live.empty")));
}

async function lookUp() {
  const { incidents } = await api.get("/incidents");
  incidents.forEach((incident) => known.set(incident.id, incident));
  showEvents();
}

/** Of which feature an incident is, and whether it is a drill: many ask at once, and one look is under way. */
async function learn(number) {
  for (let looks = 0; looks < 2 && !known.has(number); looks += 1) { // The first may be older than the incident.
    looking ??= lookUp().finally(() => { looking = null; });
    await looking;
  }
}

function showState() {
  byId("live-state").textContent = say(connected ? "live.on" : "live.off");
}

function take(event, announce) {
  last = event.number;
  event.fresh = announce;
  events = [event, ...events].slice(0, KEPT);
  byId("live-empty")?.remove();
  const list = byId("live-list");
  const node = item(event);
  list.prepend(node);
  setTimeout(() => { event.fresh = false; node.classList.remove("fresh"); }, 4000);
  while (list.children.length > KEPT) {
    list.lastChild.remove();
  }
  const tell = () => {
    if (announce && GRAVE.includes(event.type)) {
      byId("announcer").textContent = say(isDrill(event) ? "announce.drill" : "announce", { what: wordOf(event), about: event.about });
    }
  };
  (event.incident ? learn(event.incident) : Promise.resolve()).then(tell, tell); // Known or not, it is told.
}

async function run(signal, onNews, onProblem) {
  const since = Date.now();
  while (!signal.aborted) {
    try {
      const path = last === null ? "/events?recent=50" : `/events?after=${last}`;
      connected = true;
      showState();
      await api.listen(path, signal, (event) => {
        const news = Date.parse(event.at) > since - AGAIN_MS;
        take(event, news);
        if (news) {
          onNews(event);
        }
      });
    } catch (problem) {
      if (problem.status === 401) {
        onProblem(problem);
        return;
      }
    }
    connected = false;
    if (!signal.aborted) {
      showState();
      await new Promise((wake) => setTimeout(wake, AGAIN_MS));
    }
  }
}

export function start(onNews, onProblem) {
  stop();
  events = [];
  known = new Map();
  last = null;
  running = new AbortController();
  showEvents();
  run(running.signal, onNews, onProblem);
}

export function stop() {
  running?.abort();
  running = null;
}
