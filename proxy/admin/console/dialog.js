// One dialog for every change: what it does, what it needs, and what the API said against it.

import { byId, el, raise, show } from "./dom.js";
import { say } from "./words.js";

/** A text that must not be empty. */
export function textField(id, label, hint, missing, long = true) {
  const input = el(long ? "textarea" : "input", { id, maxlength: "500", autocomplete: "off", "aria-describedby": hint ? `${id}-hint` : null });
  return {
    node: el("div", { class: "field" }, el("label", { for: id }, label), input,
      hint ? el("p", { class: "note", id: `${id}-hint` }, hint) : ""),
    read: (order) => {
      const text = input.value.trim();
      order[id] = text;
      return text ? null : [missing, input];
    },
  };
}

export function reasonField() {
  return textField("reason", say("reason"), say("reason.hint"), say("reason.missing"));
}

export function checkField(id, label) {
  const input = el("input", { type: "checkbox", id });
  return {
    node: el("div", { class: "choice" }, input, el("label", { for: id }, label)),
    read: (order) => {
      if (input.checked) {
        order[id] = true;
      }
      return null;
    },
  };
}

export function selectField(id, label, options) {
  const input = el("select", { id }, options.map(([value, text]) => el("option", { value }, text)));
  return {
    node: el("div", { class: "field" }, el("label", { for: id }, label), input),
    read: (order) => {
      order[id] = input.value;
      return null;
    },
  };
}

/** Now, or at a time in the person's own zone. */
export function whenField() {
  const now = el("input", { type: "radio", name: "when", id: "when-now", checked: true });
  const later = el("input", { type: "radio", name: "when", id: "when-at" });
  const at = el("input", { type: "datetime-local", id: "at", "aria-label": say("when.at"), input: () => { later.checked = true; } });
  return {
    node: el("fieldset", null, el("legend", null, say("when")),
      el("div", { class: "choice" }, now, el("label", { for: "when-now" }, say("when.now"))),
      el("div", { class: "choice" }, later, el("label", { for: "when-at" }, say("when.at")), at)),
    read: (order) => {
      if (!later.checked) {
        return null;
      }
      const moment = new Date(at.value);
      if (Number.isNaN(moment.getTime())) {
        return [say("when.missing"), at];
      }
      order.at = moment.toISOString().replace(/\.\d+Z$/, "Z");
      return null;
    },
  };
}

/** What it was about is no longer there. */
export function closeDialog() {
  byId("dialog").close();
}

/** `run(order)` makes the change; what it throws is shown and the dialog stays. */
export function ask({ title, why, fields, confirm, danger, run }) {
  const dialog = byId("dialog");
  const fault = el("p", { class: "fault", role: "alert", id: "dialog-fault" });
  const yes = el("button", { type: "submit", class: danger ? "danger" : "main", id: "dialog-yes" }, confirm);
  const submit = async (event) => {
    event.preventDefault();
    const order = {};
    for (const field of fields) {
      const missing = field.read(order);
      if (missing) {
        show(fault, missing[0]);
        missing[1].focus();
        return;
      }
    }
    yes.disabled = true;
    try {
      await run(order);
      if (form.isConnected) { // It may have been closed meanwhile, and another one be open.
        dialog.close();
      }
    } catch (problem) {
      show(fault, problem.message, (problem.body?.errors || []).map((line) => el("span", null, el("br"), line)));
      yes.disabled = false;
      yes.focus();
    }
  };
  const form = el("form", { submit, novalidate: true },
    el("h2", { id: "dialog-title" }, title), why ? el("p", null, why) : "",
    fields.map((field) => field.node), fault,
    el("div", { class: "row" },
      el("button", { type: "button", id: "dialog-no", click: () => dialog.close() }, say("cancel")), yes));
  const before = document.activeElement?.id;
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    byId(before)?.focus();
  }, { once: true });
  show(dialog, form);
  dialog.showModal();
  raise(byId("toast")); // What was being said is still to be read.
  (form.querySelector("textarea, input:not([type=radio]):not([type=checkbox]), select") || yes).focus();
}
