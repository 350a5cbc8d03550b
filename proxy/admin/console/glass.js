// Break-glass, enforcing nothing for a time by an operator's order; and how such changes are asked for.

import * as api from "./api.js";
import { ask, reasonField, selectField } from "./dialog.js";
import { action, time } from "./parts.js";
import { say } from "./words.js";

/** Asks for a change under the words of `key`, and makes it. */
export function change(app, { key, fields, path, danger, order = {}, suffix = "", done = "done" }) {
  ask({
    title: say(`${key}.ask${suffix}`), why: say(`${key}.why${suffix}`), fields, danger,
    confirm: say(`${key}.confirm${suffix}`),
    run: async (entered) => {
      const reply = await api.post(path, { ...order, ...entered });
      app.toast([say(done), ...(reply.warnings || [])].join(" "));
      await app.refresh();
    },
  });
}

function beginGlass(app) {
  const times = ["15m", "1h", "4h", "24h"].map((value) => [value, say(`for.${value}`)]);
  change(app, { key: "glass", path: "/mode", danger: true, order: { mode: "observe" }, fields: [reasonField(), selectField("for", say("for"), times)] });
}

function endGlass(app) {
  change(app, { key: "glass", suffix: ".end", path: "/mode", order: { mode: "enforce" }, fields: [reasonField()] });
}

/** Until when, by whom and why; nothing while there is none. */
export function glassFacts({ break_glass: glass }) {
  return glass ? [[say("glass.until"), time(glass.until)], [say("by"), glass.who], [say("reason"), glass.reason]] : [];
}

/** Ends it, or begins it. */
export function glassButton(app) {
  return app.status.break_glass
    ? action(app, "glass-end", say("glass.end"), () => endGlass(app))
    : action(app, "glass-begin", say("glass.begin"), () => beginGlass(app), { kind: "danger" });
}
