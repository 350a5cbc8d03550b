// One incident: how it came, who saw whom, on which screens, by which connections, and its report.

import * as api from "./api.js";
import { badge, byId, el, facts, sheet, table, tiles } from "./dom.js";
import { ask, reasonField } from "./dialog.js";
import { legend, whoSawWhom } from "./drawing.js";
import { nextSteps } from "./feature.js";
import { action, cases, casesOf, code, data, figure, gist, headline, person, rows, sessionLink, share, time, title, why } from "./parts.js";
import { languageNow, number, say, sayOr, told } from "./words.js";

const LINE_KIND = { "first-display": "bad", "first-left": "bad", detection: "bad", "take-down": "bad", "mode-observe": "bad", "mode-enforce": "good", reopening: "good", closing: "good" };
const ROWS_SHOWN = 200;
const REPORTS = [["html", "en"], ["html", "ja"], ["csv", null], ["json", null]];
const DOWNLOAD_KEPT_MS = 60000;
const WINDOWS_KEPT = 8;
const windows = []; // Addresses of reports, the oldest first.

const REPORT_FRESH_MS = 60000;

let made = { key: "", at: 0, report: null };
let revealed = null; // The incident with values, shown until the page is left; never fetched by itself.

/** A report is work: it is made again when the incident has changed, or after a while. */
async function reportOf(incident) {
  const key = languageNow() + JSON.stringify(incident);
  if (made.key !== key || Date.now() - made.at > REPORT_FRESH_MS) {
    const report = await api.get(`/incidents/${incident.id}/report?format=json&lang=${languageNow()}`);
    made = { key, at: Date.now(), report };
  }
  return made.report;
}

export async function load(app, id) {
  if (revealed?.id !== Number(id)) {
    revealed = null;
  }
  const incident = revealed || await api.get(`/incidents/${encodeURIComponent(id)}`);
  const [report, { incidents: open }] = await Promise.all([
    reportOf(incident), incident.state === "open" ? { incidents: [] } : api.get("/incidents?open=1")]);
  return { incident, report, open };
}

/** Leaving the page forgets the names. */
export function leave() {
  revealed = null;
}

function askClose(app, id) {
  ask({
    title: say("close.ask", { id }), why: say("close.why"), fields: [reasonField()], confirm: say("close.confirm"),
    run: async (order) => {
      await api.post(`/incidents/${id}/close`, order);
      app.toast(say("done"));
      await app.refresh();
    },
  });
}

function askReveal(app, id) {
  ask({
    title: say("reveal.ask"), why: say("reveal.why"), fields: [], confirm: say("reveal.confirm"),
    run: async () => {
      revealed = await api.get(`/incidents/${id}?reveal=1`);
      await app.refresh();
    },
  });
}

/** A window lives on its address, also when it is loaded again: the last ones are kept. */
function keepWindow(url) {
  windows.push(url);
  while (windows.length > WINDOWS_KEPT) {
    URL.revokeObjectURL(windows.shift());
  }
}

/** The window opens by the click itself, else the browser forbids it; the report comes later. */
async function openReport(app, id, [format, lang]) {
  app.toast(say("report.making"));
  try {
    const { url, name } = await api.file(`/incidents/${id}/report?format=${format}${lang ? `&lang=${lang}` : ""}`);
    const link = el("a", { href: url, target: "_blank", rel: "noopener" });
    if (format === "html") {
      keepWindow(url);
    } else {
      link.setAttribute("download", name || `incident-${id}.${format}`);
      setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_KEPT_MS);
    }
    link.click();
    app.toast("");
  } catch (problem) {
    app.toast(problem.message);
  }
}

function head(app, incident, others) {
  const open = incident.state === "open";
  return el("section", { class: open ? "banner bad" : "sheet", id: "gist" },
    el("h2", null, open ? headline(app, incident)
      : [`${say("state.closed")}: ${cases(incident.cases)}`, incident.drill ? [" ", badge(say("drill"), "warn")] : ""]),
    open ? "" : nextSteps(app, incident, others),
    facts([
      ...gist(incident),
      [say("found-by"), `${incident.detector} (${say(`strength.${incident.strength}`)})`],
      [say("opened"), time(incident.opened_at)],
      [say("last"), time(incident.last_at)],
      [say("closed-at"), open ? null : time(incident.closed_at)],
      [say("closed-by"), incident.closed_by], [say("closed-reason"), incident.closed_reason],
    ]),
    el("div", { class: "row" }, open
      ? action(app, "close-incident", say("close"), () => askClose(app, incident.id)) : "",
    revealed
      ? el("button", { type: "button", id: "conceal", click: () => { revealed = null; app.refresh(); } }, say("conceal"))
      : action(app, "reveal", say("reveal"), () => askReveal(app, incident.id))));
}

function figures(incident, report) {
  const { withheld, cut, delivered } = incident.outcomes;
  return tiles([
    figure("f.cases", incident.cases), figure("f.pairs", incident.pairs), figure("f.mutual", incident.mutual_pairs),
    figure("f.subjects", incident.subjects), figure(`f.viewers.${share(incident.outcomes)}`, incident.viewers),
    figure("f.unidentified", incident.viewers_unidentified), figure("f.both", incident.both),
    figure("displays.delivered", delivered, delivered > 0 ? "bad" : ""),
    figure("displays.cut", cut, cut > 0 ? "bad" : ""),
    figure("displays.withheld", withheld), figure("f.upper", report.upper_bound),
  ]);
}

function timeline(report) {
  return sheet(say("timeline"), report.timeline.length === 0 ? el("p", null, say("timeline.none")) :
    el("ol", { class: "line" }, report.timeline.map((item) =>
      el("li", { class: LINE_KIND[item.kind] }, time(item.at), told(item.event)))));
}

function caseList(incident, report) {
  if (revealed) {
    return casesOf(incident);
  }
  return report.case_list.map((item) => ({
    viewer: item.viewer, subject: item.subject, displays: item.displays,
    screens: item.screen_names.split(" / "), left: item.cut + item.delivered > 0,
  }));
}

function people(incident, report) {
  const list = caseList(incident, report);
  const what = say(`whose.${share(incident.outcomes)}`);
  if (list.length === 0) {
    return sheet(what, el("p", null, say("none")));
  }
  return sheet(what,
    el("div", { class: "wide", id: "drawing", tabindex: "0", role: "region", "aria-label": what }, whoSawWhom(list, share(incident.outcomes))),
    el("ul", { class: "note legend" }, el("li", null, say("drawing.key")), legend().map((item) => el("li", null, item))),
    table("case-table", say("cases"), [[say("viewer"), ""], [say("subject"), ""], [say("screens"), "wrap"], [say("displays"), "n"]],
      list.map((item) => [person(item.viewer), person(item.subject), [...item.screens].join(" / "), number(item.displays)])));
}

function screens(incident) {
  return sheet(say("screens"), table("screen-table", say("screens"),
    [[say("screen"), ""], [say("shows"), "wrap"], [say("cases"), "n"], [say("displays"), "n"]],
    incident.screens.map((item) => [item.screen, data(item), number(item.cases), number(item.displays)])));
}

function connections(incident) {
  const known = incident.rows.filter((row) => row.upstream);
  return sheet(say("connections"), el("p", { class: "note" }, say("connections.why")),
    known.length === 0 ? el("p", null, say("connections.none")) :
      table("connection-table", say("connections"), [
        [say("upstream"), ""], [say("connection"), "n"], [say("exchange-number"), "n"], [say("exchange"), ""],
        [say("session"), ""], [say("previous"), ""], [say("previous-session"), ""],
      ], known.slice(0, ROWS_SHOWN).map((row) => [
        row.upstream, number(row.upstream_connection), number(row.upstream_exchanges), code(row.exchange),
        sessionLink(row.session), code(row.previous_exchange), sessionLink(row.previous_session),
      ])));
}

function display(row) {
  return el("details", { id: `display-${row.number}` },
    el("summary", null, el("span", { class: "code" }, `${row.viewer} → ${row.subject || "?"}`), row.screen, " ",
      badge(sayOr(`outcome.${row.outcome}`, row.outcome), row.outcome === "withheld" ? "" : "bad")),
    facts([
      [say("first-at"), time(row.first_at)], [say("last-at"), time(row.last_at)], [say("times"), number(row.count)],
      [say("request"), code(`${row.method} ${row.path}`)], [say("route"), code(row.route)], [say("status"), row.status],
      [say("shows"), data(row)], [say("reason"), why(row.reason)], [say("detectors"), row.detectors],
      [say("strength"), say(`strength.${row.strength}`)], [say("marker"), row.marker],
      [say("confirmed"), say(row.viewer_confirmed ? "yes" : "no")], [say("one-of-two"), row.one_of_two ? say("yes") : null],
      [say("session"), row.session ? sessionLink(row.session) : null], [say("exchange"), code(row.exchange)],
      [say("echoed"), code(row.echoed)], [say("previous"), code(row.previous_exchange)],
      [say("previous-session"), row.previous_session ? sessionLink(row.previous_session) : null],
      [say("upstream"), row.upstream], [say("connection"), row.upstream ? number(row.upstream_connection) : null],
      [say("body-size"), say("bytes", { count: number(row.body_size) })], [say("client"), row.client_address],
    ]));
}

function evidence(incident) {
  const shown = incident.rows.slice(0, ROWS_SHOWN);
  return sheet(say("evidence"),
    incident.rows.length > shown.length
      ? el("p", { class: "note" }, say("first-of", { shown: shown.length, all: incident.rows.length })) : "",
    rows(shown.map(display)));
}

function reportName(incident) {
  return say(incident.drill ? "report.drill" : incident.state === "open" ? "report.preliminary" : "report.final");
}

function deadlines(report) {
  const items = Object.entries(report.deadlines || {}).filter(([, at]) => at);
  return items.length === 0 ? "" : [
    el("h3", null, say("deadlines")), facts(items.map(([key, at]) => [sayOr(`deadline.${key}`, key), time(at)])),
  ];
}

function reports(app, incident, report) {
  return el("section", { class: "sheet", id: "reports" }, el("h2", null, reportName(incident)),
    el("div", { class: "row" }, REPORTS.map(([format, lang]) => {
      const key = `report.${format}${lang ? `-${lang}` : ""}`;
      return el("button", { type: "button", id: key, click: () => openReport(app, incident.id, [format, lang]) }, say(key));
    })),
    el("p", { class: "note" }, say("report.why")),
    deadlines(report));
}

export function render(app, { incident, report, open }) {
  return [
    el("p", null, el("a", { href: "#/incidents", id: "back" }, `← ${say("back")}`)),
    title(incident.feature ? say("incident.title", { id: incident.id, feature: incident.feature }) : say("incident.number", { id: incident.id }),
      el("button", { type: "button", class: "phone", id: "to-report", click: () => byId("reports").scrollIntoView() }, `${reportName(incident)} ↓`)),
    revealed ? el("p", { class: "banner warn", id: "revealed" }, say("revealed", { name: app.me.name })) : "",
    el("div", { class: "columns" }, head(app, incident, open), reports(app, incident, report)),
    el("section", null, el("h2", { class: "quiet" }, say("figures")), figures(incident, report)),
    el("div", { class: "columns" }, timeline(report), screens(incident)),
    people(incident, report), connections(incident), evidence(incident),
  ];
}
