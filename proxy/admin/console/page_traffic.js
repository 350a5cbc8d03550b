// What came, what was refused, and how much of it carried the marker it should.

import * as api from "./api.js";
import { el, sheet, table, tiles } from "./dom.js";
import { history } from "./drawing.js";
import { figure, title, within } from "./parts.js";
import { number, percent, say } from "./words.js";

const HOURS_SHOWN = 48;
const HOUR_MS = 3600000;

export async function load() {
  return api.get("/coverage");
}

/** The shares of one route, hour by hour up to the newest one of all. */
function hoursOf(all, route) {
  if (all.length === 0) {
    return [];
  }
  const known = new Map(all.filter((row) => row.route === route).map((row) => [Date.parse(row.hour), row.ratio]));
  if (known.size === 0) {
    return [];
  }
  const newest = Date.parse(all[0].hour);
  const first = Math.max(Math.min(...known.keys()), newest - (HOURS_SHOWN - 1) * HOUR_MS);
  const hours = [];
  for (let at = first; at <= newest; at += HOUR_MS) {
    hours.push({ at: new Date(at).toISOString(), share: known.get(at) ?? null });
  }
  return hours;
}

function coverageCell(row) {
  if (!row.required) {
    return el("span", { class: "muted" }, say("not-required"));
  }
  if (row.marked + row.unmarked === 0) {
    return el("span", { class: "muted" }, say("no-answers"));
  }
  return el("div", { class: "bar" },
    el("meter", { min: 0, max: 1, low: 0.9, high: 0.99, optimum: 1, value: row.ratio, "aria-label": `${say("coverage")}: ${row.route}` }),
    percent(row.ratio));
}

function historyCell(row, all) {
  const hours = row.required ? hoursOf(all, row.route) : [];
  const shares = hours.map((hour) => hour.share).filter((share) => share !== null);
  if (shares.length === 0) {
    return "";
  }
  return history(hours, say("history.label", { count: hours.length, lowest: percent(Math.min(...shares)) }));
}

function routeRow(app, row, all) {
  const { metrics } = app;
  const of = (code) => metrics.sum("requests_total", { route: row.route, code_class: code });
  const rate = app.rate("requests_total", { route: row.route });
  return [
    el("span", { class: "code" }, row.route),
    number(metrics.sum("requests_total", { route: row.route })),
    rate === null ? "…" : number(rate),
    `${number(of("4xx"))} / ${number(of("5xx"))}`,
    number(metrics.sum("inspected_total", { route: row.route })),
    number(metrics.sum("uninspected_total", { route: row.route })),
    coverageCell(row), historyCell(row, all),
  ];
}

function unique(rows) {
  return [...new Map(rows.map((row) => [row.route, row])).values()];
}

function counts(id, heading, columns, pairs) {
  return table(id, heading, [...columns.map((text) => [text, ""]), [say("count"), "n"]],
    pairs.map(([names, value]) => [...names, number(value)]));
}

function findings(metrics) {
  const found = metrics.all("findings_total").filter(([, value]) => value > 0);
  return sheet(say("refusals"), found.length === 0 ? el("p", null, say("refusals.none")) :
    counts("finding-table", say("refusals"), [say("detector"), say("action")],
      found.map(([labels, value]) => [[labels.detector, labels.action], value])));
}

function endings(metrics) {
  const found = metrics.all("exchange_endings_total").filter(([, value]) => value > 0).sort((a, b) => b[1] - a[1]);
  return sheet(say("endings"), counts("ending-table", say("endings"), [say("reason")],
    found.map(([labels, value]) => [[labels.reason], value])));
}

function health(app) {
  const { metrics } = app;
  const hold = metrics.quantile("hold_seconds", 0.99);
  return tiles([
    [say("requests"), number(metrics.sum("requests_total"))],
    figure("clients", metrics.sum("connections", { side: "client" })),
    figure("held", metrics.sum("held_bytes")),
    [say("hold-p99"), within(hold)],
    figure("desync", metrics.sum("upstream_desync_total"), metrics.sum("upstream_desync_total") > 0 ? "warn" : ""),
    figure("ledger-commits", metrics.sum("ledger_commits_total")),
  ]);
}

export function render(app, { coverage, history: hours }) {
  return [
    title(say("page.traffic")),
    el("section", null, el("h2", { class: "quiet" }, say("health")), health(app)),
    sheet(say("routes"), el("p", { class: "note" }, say("routes.why")),
      table("route-table", say("routes"), [
        [say("route"), ""], [say("requests"), "n"], [say("rate"), "n"], [say("errors"), "n"], [say("inspected"), "n"],
        [say("uninspected"), "n"], [say("coverage"), ""], [say("history"), ""],
      ], unique(coverage).map((row) => routeRow(app, row, hours)))),
    el("div", { class: "columns" }, findings(app.metrics), endings(app.metrics)),
  ];
}
