// Making elements. Texts only ever become text nodes.
const SVG = "http://www.w3.org/2000/svg";

export const $ = id => document.getElementById(id);

export function build(tree) {
  if (typeof tree === "string") return document.createTextNode(tree);
  const [tag, attributes, ...kids] = tree, e = document.createElementNS(SVG, tag);
  for (const k in attributes) if (attributes[k] !== undefined) e.setAttribute(k, attributes[k]);
  for (const kid of kids) if (kid) e.append(build(kid));
  return e;
}

export function el(tag, cls, ...kids) {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  e.append(...kids);
  return e;
}

export function button(cls, ...kids) {
  const b = el("button", cls, ...kids);
  b.type = "button";
  return b;
}

export const swatch = slot => build(["svg", { class: "sw", width: 16, height: 12, viewBox: "0 0 16 12", "aria-hidden": "true" }, ["rect", { width: 16, height: 12, fill: `url(#pt-${slot})` }]]);

export const sign = miss => build(["svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" },
  ["path", { d: miss ? "M3 3L13 13M13 3L3 13" : "M2 9L6 13L14 3", fill: "none", stroke: "currentColor", "stroke-width": 2.6, "stroke-linecap": "round" }]]);

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
