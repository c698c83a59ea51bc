// Makes elements. Texts only ever become text nodes: nothing here reads markup. Shared with the report of `stickyctl verify`.
/**
 * @typedef {Record<string, string | number | undefined>} Attributes  undefined leaves an attribute out
 * @typedef {[tag: string, attributes: Attributes, ...children: (Shape | string | null | undefined)[]]} Shape  an SVG element as data
 */
const SVG = "http://www.w3.org/2000/svg";

/**
 * An SVG element.
 * @param {Shape} shape
 */
export function build([tag, attributes, ...children]) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, String(value));
  for (const child of children) if (child) element.append(typeof child === "string" ? child : build(child));
  return element;
}

/**
 * An HTML element.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {string} css
 * @param {...(Node | string | null | undefined)} children
 */
export function el(tag, css, ...children) {
  const element = document.createElement(tag);
  if (css) element.className = css;
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

const MARKS = { good: "M2 9L6 13L14 3", bad: "M3 3L13 13M13 3L3 13", none: "M3 8H13" };

/**
 * A check mark, a cross or a dash. The word always stands beside it.
 * @param {keyof typeof MARKS} kind
 */
export const mark = kind => build(["svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" },
  ["path", { d: MARKS[kind], fill: "none", stroke: "currentColor", "stroke-width": 2.5, "stroke-linecap": "round" }]]);
