// Who answered a button's messages: one bar for each worker, or for each pod where there are too many workers, and one for the rest. Pure.
/** @import { Counts, Pod, World } from "./types.d.ts" */
/** @import { Shape } from "./tree.js" */
import { pick } from "./fold.js";
import { fit } from "./ids.js";

const WIDEST = 96, MOST_BARS = 16, OWN_BARS = 6, REST = 27;

/** @typedef {{ name: string, slot: number, label: string, n: number }} Bar */

/** @type {(world: World, by: Counts) => Bar[]} */
function barsOf(world, by) {
  /** @type {(p: Pod, n: number | null) => string} */
  const label = (p, n) => (world.pods.length > 1 && p.workers.length === 1 ? tail(p.name, world) : n === null ? "" : ":" + n);
  const workers = world.pods.flatMap(p => p.workers.map(w => ({ name: w.id, slot: p.slot, label: label(p, w.n), n: by[w.id] ?? 0 })));
  if (workers.length <= MOST_BARS || world.pods.length === 1) return workers;
  return world.pods.map(p => ({ name: p.name, slot: p.slot, label: tail(p.name, world), n: p.workers.reduce((n, w) => n + (by[w.id] ?? 0), 0) }));
}

/** @type {(name: string, world: World) => string} */
function tail(name, world) {
  const end = fit(name, 3).replace("…", "");
  return name.length > 3 && end.length > 2 ? String(world.pods.findIndex(p => p.name === name) + 1) : end;
}

/**
 * Where there are too many bars, those that answered most keep theirs, and the others share one.
 * @param {Bar[]} bars
 */
function foldBars(bars) {
  if (bars.length < MOST_BARS) return { own: bars, rest: null };
  const most = bars.filter(b => b.n).sort((a, b) => b.n - a.n).slice(0, OWN_BARS), own = pick(bars, OWN_BARS, most), others = bars.filter(b => !own.includes(b));
  return { own, rest: { count: others.length, n: others.reduce((n, b) => n + b.n, 0) } };
}

/**
 * @param {World} world
 * @param {Counts} by
 * @returns {Shape}
 */
export function share(world, by) {
  const { own, rest } = foldBars(barsOf(world, by)), n = own.length, step = rest ? (WIDEST - REST) / n : n > 3 ? Math.min(19, WIDEST / n) : 22;
  const thick = Math.min(14, step * .75), max = Math.max(1, ...own.map(b => b.n), rest?.n ?? 0), what = world.pods.length > 1 ? "pods" : "workers";
  const label = [...own.map(b => `${b.name}: ${b.n}`), ...(rest ? [`${rest.count} more ${what}: ${rest.n}`] : [])].join(", ") || "no pods yet";
  const width = rest ? WIDEST : +(Math.max(3, n) * (n > 3 ? step : 22)).toFixed(1);
  /** @type {(Shape | null)[]} */
  const drawn = [];
  /** @type {(x: number, wide: number, count: number, look: Record<string, string>, words: string) => void} */
  const bar = (x, wide, count, look, words) => {
    const h = Math.round(20 * count / max);
    drawn.push(
      ["rect", { x: x.toFixed(1), y: 22 - h, width: wide.toFixed(1), height: h, ...look }],
      ["path", { class: "base", d: `M${(x - wide / 14).toFixed(1)} 22.5h${(wide * 8 / 7).toFixed(1)}` }],
      words ? ["text", { x: (x + wide / 2).toFixed(1), y: 35 }, words] : null,
    );
  };
  own.forEach((b, i) => bar(i * step + (step - thick) / 2, thick, b.n, { fill: `url(#pt-${b.slot})` }, step >= 16 ? b.label : ""));
  if (rest) bar(WIDEST - REST + 4, REST - 6, rest.n, { class: "rest" }, `+${rest.count}`);
  return ["svg", { class: "dist", role: "img", "aria-label": "answered by " + label, width, height: 37, viewBox: `0 0 ${width} 37` }, ["title", {}, label], ...drawn];
}
