// Figures, and the numbers in them.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
import { build } from "../../../../../app/src/page/tree.js";

/**
 * A figure, with a description of what it shows.
 * @param {number} width
 * @param {number} height
 * @param {string} label
 * @param {Shape[]} children
 */
export const figure = (width, height, label, children) =>
  build(["svg", { class: "fig", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, ...children]);

/** @param {number} number */
export const px = number => number.toFixed(1);

/**
 * A round step of at least `least`: 1, 2 or 5 times a power of ten.
 * @param {number} least
 */
export function step(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map(factor => factor * power).find(value => value >= least * .999) ?? 10 * power;
}
