// How long each answer took: dots by pod on a log scale. Pure.
/** @import { Shape } from "./tree.js" */
import { fit, podOf } from "./ids.js";

const DOT_ROW = 22, DOT_ROWS = 6, DOT_LETTER = 7.4, RADIUS = 4.5, LEAST_MS = 1, MOST_MS = 2_000, TIMES = [1, 10, 100, 1_000];
/** @typedef {{ by: string | null, ms: number, cold: boolean }} Use one answer: from whom, in how many milliseconds, and whether it had to load */

/**
 * Rows by worker, or by pod where there are many workers; what has no row of its own shares the last one.
 * @param {Use[]} uses
 * @returns {{ name: string, uses: Use[] }[]}
 */
export function rowsOf(uses) {
  /** @type {(key: (by: string) => string) => Map<string, Use[]>} */
  const grouped = key => {
    const groups = new Map();
    for (const use of uses) {
      const name = use.by ? key(use.by) : "the app";
      groups.set(name, [...(groups.get(name) ?? []), use]);
    }
    return groups;
  };
  const byWorker = grouped(by => by), groups = [...(byWorker.size > DOT_ROWS ? grouped(podOf) : byWorker)].map(([name, own]) => ({ name, uses: own }));
  groups.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  if (groups.length <= DOT_ROWS) return groups;
  const rest = groups.slice(DOT_ROWS - 1);
  return [...groups.slice(0, DOT_ROWS - 1), { name: `${rest.length} more`, uses: rest.flatMap(group => group.uses) }];
}

/**
 * Where a time stands between the two ends of the scale, 0 to 1.
 * @param {number} ms
 */
export const onScale = ms => Math.log(Math.min(MOST_MS, Math.max(LEAST_MS, ms)) / LEAST_MS) / Math.log(MOST_MS / LEAST_MS);

/** @type {(uses: Use[], width: number, slotOf: (id: string | null) => number | null) => Shape} */
export function dots(uses, width, slotOf) {
  const rows = rowsOf(uses), most = Math.max(...rows.map(row => row.name.length), 6), letters = Math.min(most, Math.floor(width * .36 / DOT_LETTER));
  const left = letters * DOT_LETTER + 12, right = 12, high = Math.max(1, rows.length) * DOT_ROW, base = high + 2;
  /** @param {number} ms */
  const x = ms => (left + (width - left - right) * onScale(ms)).toFixed(1);
  /** @type {Shape[]} */
  const out = TIMES.flatMap(ms => [["path", { class: "case-grid", d: `M${x(ms)} 2V${base}` }], ["text", { class: "case-m", x: x(ms), y: base + 14, "text-anchor": "middle" }, ms.toLocaleString("en")]]);
  out.push(["text", { class: "case-m", x: 0, y: base + 14 }, "ms"]);
  rows.forEach((row, i) => {
    const y = i * DOT_ROW + DOT_ROW / 2 + 2;
    out.push(["text", { class: "case-m strong", x: 0, y: y + 4 }, fit(row.name, letters)]);
    // Times that are nearly equal would hide one another.
    row.uses.forEach((use, k) => {
      const slot = slotOf(use.by);
      out.push(["circle", { class: slot ? "s" + slot : "case-plain", fill: slot ? `url(#pt-${slot})` : undefined, cx: x(use.ms), cy: (y + (k % 3 - 1) * 4).toFixed(1), r: RADIUS, "data-cold": use.cold ? "yes" : "no" }]);
    });
  });
  const label = rows.map(({ name, uses: own }) => `${name}: ${own.length} answers, ${own.filter(use => use.cold).length} cold`).join("; ") || "no answers yet";
  return ["svg", { class: "case-fig", role: "img", "aria-label": label, viewBox: `0 0 ${width} ${base + 18}`, height: base + 18 }, ...out];
}

/** @param {Use[]} uses */
export const coldOf = uses => uses.filter(use => use.cold).length;
