// Who was told, who was not, once more; and whether everything would arrive.

import * as api from "./api.js";
import { badge, el, sheet, table } from "./dom.js";
import { drillSheet, follow } from "./drill.js";
import { action, time, title } from "./parts.js";
import { number, say } from "./words.js";

const STATES = ["", "waiting", "done", "stopped", "given-up"];
const KIND = { done: "good", waiting: "warn", stopped: "bad", "given-up": "bad" };
const SHOWN = 100;
let state = "";

export async function load() {
  const [found, drill] = await Promise.all([api.get(`/alerts${state ? `?state=${state}` : ""}`), api.get("/drill")]);
  return { ...found, drill };
}

async function order(app, path, body, done) {
  try {
    const reply = await api.post(path, body);
    app.toast(done(reply));
  } catch (problem) {
    app.toast(problem.message);
  }
  await app.refresh();
}

function test(app, alert) {
  return order(app, "/alert-test", alert ? { alert } : {}, () => say("test.sent"));
}

function retry(app, id) {
  return order(app, `/alerts/${id}/retry`, {}, (reply) => say("retry.done", { count: reply.again }));
}

function receivers(app, alerts) {
  return sheet(say("receivers"), alerts.length === 0 ? el("p", null, say("receivers.none")) :
    table("receiver-table", say("receivers"), [
      [say("receiver"), ""], [say("delivered"), "n"], [say("waiting"), "n"], [say("undelivered"), "n"],
      [say("oldest"), ""], [say("last-error"), "wrap"], ["", ""],
    ].map(([text, kind]) => [text || el("span", { class: "quiet" }, say("test")), kind]), alerts.map((item) => [
      item.alert, number(item.delivered), number(item.waiting),
      item.undelivered > 0 ? badge(number(item.undelivered), "bad") : number(0),
      item.oldest_waiting_at ? time(item.oldest_waiting_at) : "", item.last_error,
      action(app, `test-${item.alert}`, say("test"), () => test(app, item.alert)),
    ])));
}

function filter(app) {
  return el("label", { class: "row" }, say("state"), el("select", {
    id: "delivery-state", change: (event) => { state = event.target.value; app.refresh(); },
  }, STATES.map((value) => el("option", { value, selected: value === state }, value ? say(`state.${value}`) : say("any")))));
}

function resultOf(item) {
  return item.error || (item.status ? `HTTP ${item.status}` : "");
}

function deliveries(app, list) {
  return el("section", { class: "sheet" },
    el("div", { class: "headed" }, el("h2", null, say("deliveries")), el("div", { class: "row" }, filter(app),
      action(app, "retry-all", say("retry-all"), () => retry(app, "all")))),
    list.length === 0 ? el("p", null, say("deliveries.none")) :
      table("delivery-table", say("deliveries"), [
        [say("number"), "n"], [say("receiver"), ""], [say("type"), ""], [say("state"), ""], [say("tries"), "n"],
        [say("result"), "wrap"], [say("created"), ""], [say("next"), ""], [el("span", { class: "quiet" }, say("retry")), ""],
      ], list.slice(0, SHOWN).map((item) => [
        number(item.id), item.alert, item.type, badge(say(`state.${item.state}`), KIND[item.state]), number(item.tries),
        resultOf(item), time(item.created_at), item.next_at ? time(item.next_at) : "",
        item.state === "stopped" || item.state === "given-up"
          ? action(app, `retry-${item.id}`, say("retry"), () => retry(app, item.id)) : "",
      ])),
    list.length > SHOWN ? el("p", { class: "note" }, say("first-of", { shown: SHOWN, all: list.length })) : "");
}

export function render(app, { alerts, deliveries: list, drill }) {
  follow(app, drill);
  return [
    title(say("page.alerts"), action(app, "test-all", say("test-all"), () => test(app, ""))),
    receivers(app, alerts), drillSheet(app, drill), deliveries(app, list),
  ];
}
