// Elements from values. Text becomes text nodes and nothing else; there is no way here to hand in
// markup, because screens and reasons carry what visitors and operators typed.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (typeof value === "function") {
      node.addEventListener(name, value);
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

/** Replaces what is in `node`, and gives the focus back to the element of the same id. */
export function show(node, ...children) {
  const focused = node.contains(document.activeElement) ? document.activeElement.id : "";
  const open = [...node.querySelectorAll("details[open][id]")].map((item) => item.id);
  const scrolled = [...node.querySelectorAll(".wide[id]")].map((item) => [item.id, item.scrollLeft]);
  node.replaceChildren();
  append(node, children);
  for (const id of open) {
    byId(id)?.setAttribute("open", "");
  }
  for (const [id, left] of scrolled) {
    if (byId(id)) {
      byId(id).scrollLeft = left;
    }
  }
  if (focused) {
    byId(focused)?.focus({ preventScroll: true });
  }
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
