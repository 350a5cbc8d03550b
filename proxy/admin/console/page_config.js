// The configuration in force, how it came to be, and what else was changed or looked at.

import * as api from "./api.js";
import { badge, el, facts, sheet, table } from "./dom.js";
import { textField } from "./dialog.js";
import { change, glassButton, glassFacts } from "./glass.js";
import { action, code, time, title, why } from "./parts.js";
import { number, say, sayOr, told } from "./words.js";

export async function load() {
  return api.get("/changes");
}

function addMark(app) {
  change(app, { key: "mark", path: "/mark", fields: [textField("text", say("mark.text"), "", say("mark.missing"), false)] });
}

function inForce(app) {
  const { status } = app;
  return sheet(say("in-force"), facts([
    [say("hash"), code(status.config.hash)], [say("loaded"), time(status.config.loaded_at)],
    [say("version"), status.version], [say("workers"), number(status.workers)], [say("state"), sayOr(`ready.${status.state}`, status.state)],
    [say("ledger"), badge(say(status.ledger.ok ? "ledger.ok" : "ledger.failing"), status.ledger.ok ? "good" : "bad")],
  ]), el("div", { class: "row" }, action(app, "reload", say("reload"),
    () => change(app, { key: "reload", path: "/reload", fields: [], done: "reload.done" }))));
}

function mode(app) {
  const { status } = app;
  return sheet(say("mode"), facts([
    [say("mode"), badge(say(`mode.${status.mode}`), status.mode === "enforce" ? "good" : "warn")],
    ...glassFacts(status),
  ]), el("p", { class: "note" }, say("would-have", { refused: status.would_have.refused, down: status.would_have.taken_down })),
  el("div", { class: "row" }, glassButton(app)));
}

/** Who changed the configuration: a person, or the start. */
function actor(who) {
  return who === "start" ? say("by.start") : who;
}

function list(id, key, heads, rows) {
  return rows.length === 0 ? el("p", null, say("none")) :
    table(id, say(key), [[say("at"), ""], ...heads.map((head) => [say(head), "wrap"])], rows);
}

export function render(app, { config, marks, features, accesses }) {
  return [
    title(say("page.config")),
    el("div", { class: "columns" }, inForce(app), mode(app)),
    el("section", { class: "sheet" },
      el("div", { class: "headed" }, el("h2", null, say("marks")), action(app, "mark-add", say("mark.add"), () => addMark(app))),
      el("p", { class: "note" }, say("marks.why")),
      list("mark-table", "marks", ["what", "who"], marks.map((row) => [time(row.at), row.text, row.who]))),
    sheet(say("changes"), list("config-table", "changes", ["what", "who", "hash"],
      config.map((row) => [time(row.at), told(row.summary), actor(row.who), code(row.hash.slice(0, 12))]))),
    sheet(say("feature-changes"), list("feature-table", "feature-changes", ["feature", "state", "reason", "who"],
      features.map((row) => [time(row.at), row.feature, [sayOr(`state.${row.state}`, row.state), row.cause === "drill" ? [" ", badge(say("drill"), "warn")] : ""], why(row.reason), row.who]))),
    sheet(say("accesses"), list("access-table", "accesses", ["what", "who"], accesses.map((row) => [time(row.at), told(row.what), row.who]))),
  ];
}
