// Every pod's colour comes with a pattern, so that pods can be told apart without seeing colour. Pure.
// Shared with the report of `stickyctl verify`.
/** @import { Shape } from "./tree.js" */

/** Colours, and as many patterns. */
export const SLOTS = 6;

/**
 * What is cut out of a tile of `size`: nothing, stripes, dots, bars, lattice, pales.
 * @param {number} size
 * @returns {Shape[][]}
 */
function cuts(size) {
  const half = size / 2, low = half - 1, high = half + 1, past = size + 1;
  const stripes = `M-1 ${high}L${high} -1M${low} ${past}L${past} ${low}`;
  return [
    [],
    [["path", { class: "cut", d: stripes }]],
    [["circle", { class: "hole", cx: half, cy: half, r: size < 8 ? 1.35 : 1.5 }]],
    [["path", { class: "cut", d: `M0 ${half}H${size}` }]],
    [["path", { class: "cut fine", d: `${stripes}M-1 ${low}L${high} ${past}M${low} -1L${past} ${high}` }]],
    [["path", { class: "cut", d: `M${half} 0V${size}` }]],
  ];
}

/**
 * A pattern to fill with.
 * @param {string} id
 * @param {number} colour 1 to SLOTS
 * @param {number} cut 1 to SLOTS
 * @param {number} size of its tile
 * @returns {Shape}
 */
export const pattern = (id, colour, cut, size) =>
  ["pattern", { id, width: size, height: size, patternUnits: "userSpaceOnUse" }, ["rect", { class: "f" + colour, width: size, height: size }], ...cuts(size)[cut - 1]];
