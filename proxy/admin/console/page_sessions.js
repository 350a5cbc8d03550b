// One session by its fingerprint.

import * as api from "./api.js";
import { byId, el, facts, sheet, show } from "./dom.js";
import { code, time, title } from "./parts.js";
import { number, say } from "./words.js";

export async function load(app, fingerprint) {
  if (!fingerprint) {
    return { fingerprint: "", session: null };
  }
  try {
    return { fingerprint, session: await api.get(`/sessions?fingerprint=${encodeURIComponent(fingerprint)}`) };
  } catch (problem) {
    if (problem.status !== 404) {
      throw problem;
    }
    return { fingerprint, session: null };
  }
}

function look(event) {
  event.preventDefault();
  const value = byId("fingerprint").value.trim().toLowerCase();
  if (/^[0-9a-f]{32}$/.test(value)) {
    location.hash = `#/sessions/${value}`;
    return;
  }
  show(byId("fingerprint-fault"), say("fingerprint.wrong"));
  byId("fingerprint").focus();
}

function found(session) {
  const yes = (value) => say(value ? "yes" : "no");
  return sheet(say("session"), facts([
    [say("fingerprint"), code(session.fingerprint)],
    [say("bound"), say(`bound.${session.bound}`)],
    [say("requester"), session.requester || say("none")],
    [say("by-login"), yes(session.by_login)],
    [say("generation"), number(session.generation)],
    [say("tokens"), number(session.tokens)],
    [say("logins-open"), number(session.logins_open)],
    [say("last-seen"), time(session.last_seen)],
    [say("public"), yes(session.public)],
    [say("quarantined"), yes(session.quarantined)],
  ]));
}

export function render(app, { fingerprint, session }) {
  return [
    title(say("page.sessions")),
    sheet(say("lookup"), el("p", { class: "note", id: "fingerprint-hint" }, say("lookup.why")),
      el("form", { submit: look, novalidate: true, class: "row" },
        el("label", { for: "fingerprint" }, say("fingerprint")),
        el("input", { id: "fingerprint", class: "code", size: 36, maxlength: 40, value: fingerprint, autocomplete: "off", spellcheck: "false", "aria-describedby": "fingerprint-hint" }),
        el("button", { type: "submit", class: "main", id: "look-up" }, say("look-up"))),
      el("p", { class: "fault", role: "alert", id: "fingerprint-fault" })),
    session ? found(session) : fingerprint ? sheet(say("session"), el("p", { id: "no-session" }, say("session.unknown"))) : "",
  ];
}

/** What a person is typing must not be replaced by a refresh. */
export const quiet = true;
