// Every pod colour has a pattern too, so that it can be told without seeing colour. Pure.
const CUTS = {
  1: [],
  2: [["path", { class: "cut", d: "M-1 4L4 -1M2 7L7 2" }]],
  3: [["circle", { class: "cutf", cx: 3, cy: 3, r: 1.35 }]],
  4: [["path", { class: "cut", d: "M0 3H6" }]],
  5: [["path", { class: "cut thin", d: "M-1 4L4 -1M2 7L7 2M-1 2L4 7M2 -1L7 4" }]],
  6: [["path", { class: "cut", d: "M3 0V6" }]],
};

export const patterns = () => ["defs", {}, ...Object.entries(CUTS).map(([k, cut]) =>
  ["pattern", { id: `pt-${k}`, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, ["rect", { class: "f" + k, width: 6, height: 6 }], ...cut])];
