// What is up, what is down and why, and how the proxy does now.

import * as api from "./api.js";
import { badge, el, facts, tiles } from "./dom.js";
import { askChange, bringUp } from "./feature.js";
import { glassButton, glassFacts } from "./glass.js";
import { action, figure, gist, headline, isDrillReason, time, title, why, within } from "./parts.js";
import { number, percent, say } from "./words.js";

const KIND = { up: "good", down: "bad", trial: "warn" };

export async function load() {
  const { incidents } = await api.get("/incidents?open=1");
  const open = await Promise.all(incidents.slice(0, 10).map((item) => api.get(`/incidents/${item.id}`)));
  return { open, incidents };
}

function buttons(app, feature, open) {
  const make = (to, blocked) => action(app, `${to}-${feature.name}`, say(`do.${to}`),
    () => askChange(app, feature, to, open), { kind: to === "down" ? "danger" : "", blocked });
  const already = (to) => (feature.state === to ? say("is-already", { state: say(`state.${to}`) }) : "");
  const blocked = { up: "", trial: feature.has_trial ? already("trial") : say("no-trial"), down: already("down") };
  const offered = ["up", "trial", "down"].filter((to) => feature.state !== "up" || to !== "up");
  return [
    el("div", { class: "row" }, offered.map((to) => make(to, blocked[to]))),
    whyBlocked(app, offered.filter((to) => blocked[to]).map((to) => say("blocked", { what: say(`do.${to}`).replace(/ ?…$/, ""), why: blocked[to] }))),
  ];
}

/** In sight what the buttons tell those who cannot see it. */
function whyBlocked(app, reasons) {
  const all = app.me.role === "operator" ? reasons : [say("needs-operator")];
  return all.map((text) => el("p", { class: "note", "aria-hidden": "true" }, text));
}

function incidentLink(id) {
  return id ? el("a", { href: `#/incidents/${id}` }, String(id)) : null;
}

function drillBadge(feature) {
  return feature.state !== "up" && isDrillReason(feature.reason) ? [badge(say("drill"), "warn"), " "] : "";
}

function card(app, feature, open) {
  return el("section", { class: "sheet", "aria-label": feature.name },
    el("div", { class: "headed" }, el("h3", null, feature.name), el("span", null, drillBadge(feature), badge(say(`state.${feature.state}`), KIND[feature.state]))),
    facts([
      [say("since"), feature.since ? time(feature.since) : null],
      [say("by"), feature.who],
      [say("reason"), why(feature.reason)],
      [say("incident"), incidentLink(feature.incident)],
      [say("comes-up"), feature.up_at ? time(feature.up_at) : null],
    ]),
    buttons(app, feature, open));
}

/** The first thing an alarmed person reads: how many, whose, which screen, what data. */
function incidentBanner(app, incident) {
  const down = app.status.features.find((item) => item.name === incident.feature && item.state !== "up");
  return el("section", { class: "banner bad" },
    el("h2", null, headline(app, incident)),
    facts([...gist(incident), [say("opened"), time(incident.opened_at)], down ? [say(`since.${down.state}`), time(down.since)] : ["", null]]),
    el("p", { class: "row" }, el("a", { class: "button", href: `#/incidents/${incident.id}`, id: `look-${incident.id}` },
      say("open-incident", { id: incident.id }))));
}

function simpleBanner(kind, heading, text) {
  return el("section", { class: `banner ${kind}` }, el("h2", null, heading), text ? el("p", null, text) : "");
}

function featureBanner(app, feature, open) {
  return el("section", { class: `banner ${KIND[feature.state]}` },
    el("h2", null, say(`is-${feature.state}`, { name: feature.name }), " ", drillBadge(feature)),
    facts([[say("reason"), why(feature.reason)], [say("by"), feature.who], [say(`since.${feature.state}`), time(feature.since)]]),
    el("p", { class: "row" }, bringUp(app, feature, open, `banner-up-${feature.name}`)));
}

/** That nothing is enforced: by the configuration, or for a time and by whom. */
function observeBanner(app) {
  const { would_have: { refused, taken_down: down }, break_glass: glass } = app.status;
  return el("section", { class: "banner warn", id: "observing" }, el("h2", null, say("observing")),
    el("p", null, `${say("observing.why")} (${say("would-have", { refused, down })})`),
    glass ? [facts(glassFacts(app.status)), el("div", { class: "row" }, glassButton(app))] : "");
}

function banners(app, { open, incidents }) {
  const { status } = app;
  const found = [];
  if (!status.ledger.ok) {
    found.push(simpleBanner("bad", say("ledger-failing"), say("ledger-failing.why")));
  }
  found.push(...open.map((incident) => incidentBanner(app, incident)));
  const told = new Set(open.map((incident) => incident.feature));
  found.push(...status.features.filter((item) => item.state !== "up" && !told.has(item.name))
    .map((item) => featureBanner(app, item, incidents)));
  if (status.mode === "observe") {
    found.push(observeBanner(app));
  }
  return found.length > 0 ? found : [simpleBanner("good", say("all-up"), say("all-up.why"))];
}

function lowestCoverage(metrics) {
  const shares = metrics.all("marker_coverage_ratio").map(([, value]) => value);
  return shares.length > 0 ? Math.min(...shares) : null;
}

/** What left with foreign data: counters begin anew with the process, open incidents do not. */
function left(metrics, incidents) {
  const counted = metrics.sum("displays_total", { outcome: "cut" }) + metrics.sum("displays_total", { outcome: "delivered" });
  const open = incidents.filter((item) => !item.drill)
    .reduce((sum, { outcomes }) => sum + outcomes.cut + outcomes.delivered, 0);
  return open > counted ? figure("left.open", open, "bad") : figure("left", counted, counted > 0 ? "bad" : "good");
}

function figures(app, incidents) {
  const { metrics, status } = app;
  const lowest = lowestCoverage(metrics);
  const p99 = metrics.quantile("request_duration_seconds", 0.99);
  return tiles([
    figure("incidents-open", status.incidents_open, status.incidents_open > 0 ? "bad" : "good"),
    left(metrics, incidents),
    figure("withheld", metrics.sum("displays_total", { outcome: "withheld" })),
    [say("coverage-lowest"), lowest === null ? "–" : percent(lowest), lowest !== null && lowest < 0.99 ? "warn" : ""],
    [say("requests-rate"), app.rate("requests_total") === null ? "…" : number(app.rate("requests_total"))],
    [say("response-p99"), within(p99)],
    figure("sessions-known", status.sessions),
    figure("alerts-waiting", status.alerts.queue, status.alerts.queue > 0 ? "warn" : ""),
  ]);
}

export function render(app, data) {
  return [
    title(say("page.overview")),
    banners(app, data),
    el("section", null, el("h2", { class: "quiet" }, say("figures")), figures(app, data.incidents)),
    el("section", { class: "sheet" }, el("h2", null, say("features")),
      el("div", { class: "cards" }, app.status.features.map((feature) => card(app, feature, data.incidents)))),
  ];
}
