// Changing a feature: the dialog that asks for it, and what stands in its way.

import * as api from "./api.js";
import { ask, checkField, reasonField, whenField } from "./dialog.js";
import { el } from "./dom.js";
import { action } from "./parts.js";
import { say } from "./words.js";

/** The open incident because of which the proxy says no to bringing it up; undefined: none. */
function holds(feature, open) {
  return open.find((item) => !item.drill && (item.feature === feature.name || item.id === feature.incident));
}

/** The choice to do it all the same; there is none until an incident is known to be open. */
function anywayField(incident) {
  const field = checkField("anyway", "");
  const offer = (id) => {
    field.node.querySelector("label").textContent = say("anyway", { id });
    field.node.hidden = false;
  };
  field.node.hidden = true;
  if (incident) {
    offer(incident.id);
  }
  return { ...field, offer };
}

async function change(app, { name }, to, order, anyway) {
  try {
    await api.post(`/features/${encodeURIComponent(name)}/${to}`, order);
  } catch (problem) {
    const id = problem.body?.incident;
    if (to !== "up" || !id) {
      throw problem;
    }
    anyway.offer(id);
    throw new Error(say("anyway.missing", { id, anyway: say("anyway", { id }) }));
  }
  app.toast(say("done"));
  await app.refresh();
}

/** `open`: the incidents that are. */
export function askChange(app, feature, to, open) {
  const { name } = feature;
  const anyway = anywayField(holds(feature, open));
  ask({
    title: say(`ask.${to}`, { name }), why: say(`ask.${to}.why`),
    fields: to === "up" ? [reasonField(), whenField(), anyway] : [reasonField()],
    confirm: say(`confirm.${to}`, { name }), danger: to === "down",
    run: (order) => change(app, feature, to, order, anyway),
  });
}

/** The next step after an incident, with the feature's name on it. */
export function bringUp(app, feature, open, id) {
  return action(app, id, say("do.up.name", { name: feature.name }), () => askChange(app, feature, "up", open));
}

/** What a closed incident leaves to be done: its features that are not up again. */
export function nextSteps(app, incident, open) {
  const left = app.status.features.filter((item) => item.state !== "up" && !incident.drill
    && (item.name === incident.feature || item.incident === incident.id));
  return left.map((feature) => el("div", { class: `banner ${feature.state === "down" ? "bad" : "warn"}` },
    el("p", null, say(`still-${feature.state}`, { name: feature.name })),
    el("div", { class: "row" }, bringUp(app, feature, open, `up-${feature.name}`))));
}
