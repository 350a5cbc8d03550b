// Elements from values. Text becomes text nodes and nothing else; there is no way here to hand in
// markup, because screens and reasons carry what visitors and operators typed.

const SVG = "http://www.w3.org/2000/svg";
const IDENTITY = ["id", "href"];
const PERSONS = ["open"]; // Set by the person, not by us: what is folded out.

const heard = new WeakMap(); // Of each element: what it does at which event.

function listen(node, name, action) {
  const actions = heard.get(node) || {};
  if (!(name in actions)) {
    node.addEventListener(name, (event) => actions[name](event));
  }
  actions[name] = action;
  heard.set(node, actions);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (typeof value === "function") {
      listen(node, name, value);
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(node, children);
  return node;
}

function append(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false && child !== "") {
      node.append(child instanceof Node ? child : String(child));
    }
  }
}

/** An HTML element; a function among the attributes listens to the event of that name. */
export function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same in SVG. */
export function draw(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

export function byId(id) {
  return document.getElementById(id);
}

/** Above everything, also above a dialog and its backdrop. */
export function raise(node) {
  if (node.matches(":popover-open")) {
    node.hidePopover();
  }
  node.showPopover();
}

/** Replaces what is in `node`. */
export function show(node, ...children) {
  node.replaceChildren();
  append(node, children);
}

/**
 * Shows the same anew and touches only what has changed: a click that is under way, the focus, a
 * marked text, what is folded out and typed in all stay. An element with another id or another
 * address is another one, so nobody's click ever lands on what has moved there meanwhile.
 */
export function renew(node, ...children) {
  const fresh = document.createDocumentFragment();
  append(fresh, children);
  renewChildren(node, fresh);
}

function isSame(old, fresh) {
  return old.nodeName === fresh.nodeName
    && (!(old instanceof Element) || IDENTITY.every((name) => old.getAttribute(name) === fresh.getAttribute(name)));
}

function removeUntil(old, end) {
  while (old !== end) {
    const next = old.nextSibling;
    old.remove();
    old = next;
  }
}

function renewChildren(node, fresh) {
  let old = node.firstChild;
  for (const child of [...fresh.childNodes]) {
    const kept = child.id ? [...node.children].find((item) => item.id === child.id) : null;
    if (kept && old?.id !== child.id && isFollowing(kept, old)) {
      removeUntil(old, kept);
      old = kept;
    }
    if (old && isSame(old, child)) {
      renewNode(old, child);
      old = old.nextSibling;
    } else {
      node.insertBefore(child, old);
    }
  }
  removeUntil(old, null);
}

function isFollowing(node, other) {
  return other && other.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING;
}

function renewNode(old, fresh) {
  if (!(old instanceof Element)) {
    if (old.data !== fresh.data) {
      old.data = fresh.data;
    }
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !PERSONS.includes(name)) {
      old.removeAttribute(name);
    }
  }
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) {
      old.setAttribute(name, value);
    }
  }
  for (const [name, action] of Object.entries(heard.get(fresh) || {})) {
    listen(old, name, action);
  }
  renewChildren(old, fresh);
}

/** A table. `columns`: [heading, class]; `rows`: arrays of cells, the first one names the row. */
export function table(id, label, columns, rows) {
  return el("div", { class: "wide", id, tabindex: "0", role: "region", "aria-label": label },
    el("table", null,
      el("thead", null, el("tr", null,
        columns.map(([heading, kind]) => el("th", { scope: "col", class: kind }, heading)))),
      el("tbody", null, rows.map((cells) => el("tr", null,
        cells.map((cell, index) => index === 0
          ? el("th", { scope: "row", class: columns[0][1] }, cell)
          : el("td", { class: columns[index][1] }, cell)))))));
}

/** Names and values. Pairs without a value are left out. */
export function facts(pairs) {
  return el("dl", { class: "facts" }, pairs
    .filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => [el("dt", null, name), el("dd", null, value)]));
}

/** Figures: [name, value, kind]. */
export function tiles(figures) {
  return el("dl", { class: "tiles" }, figures.map(([name, value, kind]) =>
    el("div", { class: `tile ${kind || ""}` }, el("dt", null, name), el("dd", null, value))));
}

export function sheet(title, ...content) {
  return el("section", { class: "sheet" }, el("h2", null, title), content);
}

export function badge(text, kind) {
  return el("span", { class: `badge ${kind || ""}` }, text);
}
