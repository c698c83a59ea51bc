// The verdict as three threads: they hold, one changes over, they jump, or there is only one.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
import { build } from "../../../../../app/src/page/tree.js";
import { PATTERNS } from "./pods.js";

const THREADS = {
  hold: ["M8 20H142", "M8 46H142", "M8 72H142"],
  forced: ["M8 20H142", "M8 46H62C80 46 78 72 96 72H142", "M8 72H78"],
  jump: [
    "M8 20H34C50 20 46 72 62 72H80C98 72 96 46 112 46H142",
    "M8 46H30C46 46 46 20 62 20H84C100 20 98 72 114 72H142",
    "M8 72H30C44 72 48 46 62 46H84C98 46 98 20 114 20H142",
  ],
  one: ["", "M8 46H142", ""],
};

/** @param {keyof typeof THREADS} kind */
export function emblem(kind) {
  /** @type {Shape[]} */
  const threads = [];
  for (const place of kind === "forced" ? [2, 0, 1] : [0, 1, 2]) {
    const d = THREADS[kind][place], y = 20 + 26 * place;
    if (d) {
      threads.push(["path", { d, fill: "none", stroke: "var(--paper)", "stroke-width": 13 }], ["path", { class: `thread s${place + 1}`, d }],
        ["circle", { class: `f${place + 1}`, cx: 10, cy: y, r: 8 }]);
    } else {
      threads.push(["path", { d: `M8 ${y}H142`, fill: "none", stroke: "var(--edge)", "stroke-width": 2, "stroke-dasharray": "2 7" }]);
    }
  }
  return build(["svg", { viewBox: "0 0 150 92", "aria-hidden": "true" }, PATTERNS, ...threads]);
}
