// The frame: signing in, which page is shown, and keeping it fresh.

import * as api from "./api.js";
import { closeDialog } from "./dialog.js";
import { byId, el, raise, renew, show } from "./dom.js";
import * as live from "./live.js";
import { Metrics } from "./metrics.js";
import * as alerts from "./page_alerts.js";
import * as config from "./page_config.js";
import * as incident from "./page_incident.js";
import * as incidents from "./page_incidents.js";
import * as overview from "./page_overview.js";
import * as sessions from "./page_sessions.js";
import * as traffic from "./page_traffic.js";
import { isDrillReason } from "./parts.js";
import { keepLanguage, languageNow, say, startLanguage } from "./words.js";

const FRESH_MS = 5000;
const SOON_MS = 300;
const PAGES = { overview, incidents, traffic, alerts, sessions, config };

const app = {
  me: null, status: null, metrics: null, before: null, page: null, argument: "", shown: "",
  toast, refresh, rate,
};
let asked = 0;
let soon = null;

function toast(text) {
  byId("toast").textContent = text;
  raise(byId("toast"));
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { byId("toast").textContent = ""; }, 8000);
}

/** How much a counter grew each second between the last two looks; null: not known yet. */
function rate(name, labels) {
  if (!app.before) {
    return null;
  }
  const seconds = (app.metrics.at - app.before.at) / 1000;
  const grown = app.metrics.sum(name, labels) - app.before.sum(name, labels);
  return seconds > 0 && grown >= 0 ? grown / seconds : null;
}

function showFrame() {
  document.title = app.status ? `${stateText()} · Countermark` : "Countermark";
  byId("skip").textContent = say("skip");
  byId("language-label").textContent = say("language");
  byId("theme-label").textContent = say("theme");
  for (const option of byId("theme").options) {
    option.textContent = say(`theme.${option.value}`);
  }
  byId("language").value = languageNow();
  byId("sign-out").textContent = say("sign-out");
  byId("sign-out").hidden = !api.hasToken() || !app.me;
  byId("who").hidden = !app.me;
  byId("who").textContent = app.me ? `${app.me.name} (${say(`role.${app.me.role}`)})` : "";
  byId("pages").hidden = !app.me;
  byId("pages").setAttribute("aria-label", say("pages"));
  renew(byId("pages"), Object.keys(PAGES).map((name) => el("a", {
    href: `#/${name}`, id: `page-${name}`, "aria-current": app.name === name ? "page" : null,
  }, say(`page.${name}`))));
  keepInSight(byId(`page-${app.name}`));
  byId("zone").hidden = !app.me;
  byId("zone").textContent = say("zone", { zone: zone() });
  byId("state").hidden = !app.status;
  if (app.status) {
    renew(byId("state"), el("span", { class: `badge ${stateKind()}` }, stateText()), " ",
      app.status.mode === "observe" ? el("span", { class: "badge warn" }, say("mode.observe")) : "");
  }
}

/** On a phone not all pages have room: the present one has. */
function keepInSight(link) {
  const bar = byId("pages");
  const left = link.offsetLeft - bar.offsetLeft;
  if (left < bar.scrollLeft || left + link.offsetWidth > bar.scrollLeft + bar.clientWidth) {
    bar.scrollLeft = left - (bar.clientWidth - link.offsetWidth) / 2;
  }
}

/** The person's zone: Asia/Tokyo (UTC+9). */
function zone() {
  const minutes = -new Date().getTimezoneOffset();
  const clock = `${Math.floor(Math.abs(minutes) / 60)}${minutes % 60 ? `:${Math.abs(minutes % 60)}` : ""}`;
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return name === "UTC" ? name : `${name} (UTC${minutes < 0 ? "−" : "+"}${clock})`;
}

function named(state) {
  return app.status.features.filter((item) => item.state === state)
    .map((item) => (isDrillReason(item.reason) ? say("head.drill", { name: item.name }) : item.name));
}

function stateKind() {
  return named("down").length > 0 ? "bad"
    : named("trial").length > 0 || app.status.incidents_open > 0 ? "warn" : "good";
}

function stateText() {
  for (const state of ["down", "trial"]) {
    if (named(state).length > 0) {
      return say(`head.${state}`, { names: named(state).join(", ") });
    }
  }
  const count = app.status.incidents_open;
  return count > 0 ? say("head.up.open", { count }) : say("head.up");
}

/** Where the address leads: `#/incidents/7`. */
function readAddress() {
  const [, name = "", argument = ""] = location.hash.split("/");
  app.name = name in PAGES ? name : "overview";
  app.argument = decodeURIComponent(argument);
  app.page = app.name === "incidents" && app.argument ? incident : PAGES[app.name];
}

async function refresh() {
  const turn = ++asked;
  const view = byId("view");
  try {
    const [status, text, data] = await Promise.all([
      api.get("/status"), api.metricsText(), app.page.load(app, app.argument)]);
    if (turn !== asked) {
      return;
    }
    const metrics = new Metrics(text);
    if (!app.before || metrics.at - app.metrics.at >= FRESH_MS / 2) {
      app.before = app.metrics;
    }
    app.metrics = metrics;
    app.status = status;
    app.me = status.you;
    showFrame();
    showPage(data);
  } catch (problem) {
    if (turn === asked) {
      showProblem(problem, view);
    }
  }
}

function showPage(data) {
  const view = byId("view");
  const key = `${location.hash} ${languageNow()}`;
  const former = app.shown.split(" ")[0];
  const state = JSON.stringify(data);
  byId("live").hidden = app.page !== overview;
  view.removeAttribute("aria-busy");
  if (app.page.quiet && app.shown === key && app.state === state) {
    return;
  }
  app.state = state;
  const put = app.shown && former === location.hash ? renew : show;
  put(view, app.page.render(app, data));
  if (app.shown && former !== location.hash) {
    byId("title")?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
  app.shown = key;
}

function showProblem(problem, view) {
  view.removeAttribute("aria-busy");
  if (problem.status === 401) {
    showSignIn(api.hasToken() ? say("token.wrong") : "");
    return;
  }
  if (problem.status === 404) {
    show(view, el("p", { class: "banner warn" }, say("unknown-incident")));
    return;
  }
  toast(problem.status ? problem.message : say("unreachable"));
}

function showSignIn(fault) {
  live.stop();
  closeDialog();
  api.setToken("");
  Object.assign(app, { me: null, status: null, metrics: null, before: null, shown: "" });
  byId("live").hidden = true;
  showFrame();
  const input = el("input", { id: "token", type: "password", autocomplete: "off", spellcheck: "false", "aria-describedby": "sign-in-why token-fault" });
  const submit = (event) => {
    event.preventDefault();
    const value = input.value.trim();
    const wrong = !value ? "token.missing" : !/^[\x21-\x7e]+$/.test(value) ? "token.wrong" : ""; // No other can be sent.
    show(byId("token-fault"), wrong ? say(wrong) : "");
    if (wrong) {
      input.focus();
      return;
    }
    api.setToken(value);
    begin();
  };
  show(byId("view"), el("section", { class: "sheet sign-in" }, el("h1", { id: "title", tabindex: "-1" }, say("sign-in")),
    el("p", { class: "note", id: "sign-in-why" }, say("sign-in.why")),
    el("form", { submit, novalidate: true },
      el("div", { class: "field" }, el("label", { for: "token" }, say("token")), input),
      el("p", { class: "fault", role: "alert", id: "token-fault" }, fault),
      el("div", { class: "row" }, el("button", { type: "submit", class: "main", id: "sign-in" }, say("sign-in"))))));
  input.focus();
}

/** News come in bursts; one look after each is enough. */
function onNews() {
  clearTimeout(soon);
  soon = setTimeout(refresh, SOON_MS);
}

async function begin() {
  byId("view").setAttribute("aria-busy", "true");
  if (!api.hasToken()) { // The Unix socket needs none; everybody else is asked for it.
    try {
      await api.get("/status");
    } catch (problem) {
      showProblem(problem, byId("view"));
      return;
    }
  }
  await refresh();
  if (app.me) {
    live.start(onNews, (problem) => showProblem(problem, byId("view")));
  }
}

function useTheme(theme) {
  if (theme === "auto") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("countermark.theme");
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("countermark.theme", theme);
  }
  byId("theme").value = theme;
}

function onAddress() {
  const former = app.page;
  closeDialog();
  readAddress();
  if (former && former !== app.page) {
    former.leave?.();
  }
  if (app.me) {
    byId("view").setAttribute("aria-busy", "true");
    showFrame();
    refresh();
  }
}

function start() {
  startLanguage();
  const theme = localStorage.getItem("countermark.theme");
  useTheme(["light", "dark"].includes(theme) ? theme : "auto");
  byId("theme").addEventListener("change", (event) => useTheme(event.target.value));
  byId("language").addEventListener("change", (event) => {
    keepLanguage(event.target.value);
    showFrame();
    live.showEvents();
    if (app.me) {
      refresh();
    } else {
      showSignIn("");
    }
  });
  byId("sign-out").addEventListener("click", () => showSignIn(""));
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  window.addEventListener("hashchange", onAddress);
  readAddress();
  showFrame();
  begin();
  setInterval(() => {
    if (app.me && !document.hidden && !byId("dialog").open) {
      refresh();
    }
  }, FRESH_MS);
}

start();
