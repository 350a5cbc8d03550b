// The stream of findings: a list on the overview, and a spoken word for what is grave.

import * as api from "./api.js";
import { byId, el, show } from "./dom.js";
import { time } from "./parts.js";
import { say, sayOr } from "./words.js";

const KEPT = 100;
const AGAIN_MS = 3000;
const GRAVE = ["incident.opened", "feature.down"];
let events = [];
let last = null;
let running = null;
let connected = false;

function wordOf(event) {
  return sayOr(`event.${event.type}`, say("event.other"));
}

function item(event, fresh) {
  return el("li", { class: fresh ? "fresh" : null }, time(event.at, { short: true }), el("strong", null, wordOf(event)),
    el("span", null, event.incident
      ? [el("a", { href: `#/incidents/${event.incident}` }, say("incident.title", { id: event.incident, feature: event.about }))]
      : event.about, event.detail ? ` · ${sayOr(`outcome.${event.detail}`, event.detail)}` : ""));
}

/** Everything again, in the language in force. */
export function showEvents() {
  byId("live-title").textContent = say("live");
  showState();
  show(byId("live-list"), events.length > 0 ? events.map((event) => item(event, false)) : el("li", { id: "live-empty" }, say("live.empty")));
}

function showState() {
  byId("live-state").textContent = say(connected ? "live.on" : "live.off");
}

function take(event, announce) {
  last = event.number;
  events = [event, ...events].slice(0, KEPT);
  byId("live-empty")?.remove();
  const list = byId("live-list");
  const node = item(event, announce);
  list.prepend(node);
  setTimeout(() => node.classList.remove("fresh"), 4000);
  while (list.children.length > KEPT) {
    list.lastChild.remove();
  }
  if (announce && GRAVE.includes(event.type)) {
    byId("announcer").textContent = say("announce", { what: wordOf(event), about: event.about });
  }
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
  last = null;
  running = new AbortController();
  showEvents();
  run(running.signal, onNews, onProblem);
}

export function stop() {
  running?.abort();
  running = null;
}
