// The page's own elements.
import { SLOTS, pattern } from "./patterns.js";
import { build, el } from "./tree.js";

/** @param {string} id of an element that index.html has */
export const $ = id => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} id of an input that index.html has */
export const input = id => /** @type {HTMLInputElement} */ (document.getElementById(id));

/**
 * @param {string} css
 * @param {...(Node | string)} children
 */
export function button(css, ...children) {
  const b = el("button", css, ...children);
  b.type = "button";
  return b;
}

/** Defines the patterns that swatches, shares and the map fill with. */
export function definePatterns() {
  const all = Array.from({ length: SLOTS }, (_, i) => pattern(`pt-${i + 1}`, i + 1, i + 1, 6));
  document.body.append(build(["svg", { class: "vh", width: 0, height: 0, "aria-hidden": "true" }, ["defs", {}, ...all]]));
}

/** @param {number} slot */
export const swatch = slot => build(["svg", { class: "sw", width: 16, height: 12, viewBox: "0 0 16 12", "aria-hidden": "true" },
  ["rect", { width: 16, height: 12, fill: `url(#pt-${slot})` }]]);

/** Whether motion is to be reduced. */
export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
