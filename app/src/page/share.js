// Who answered a button's messages: one bar for each worker, or for each pod where there are too many workers. Pure.
/** @import { Counts, Pod, World } from "./types.d.ts" */
/** @import { Shape } from "./tree.js" */
import { fit } from "./ids.js";

const WIDEST = 96, MOST_BARS = 16;

/** @type {(world: World, by: Counts) => { name: string, slot: number, label: string, n: number }[]} */
function barsOf(world, by) {
  /** @type {(p: Pod, n: number | null) => string} */
  const label = (p, n) => (world.pods.length > 1 && p.workers.length === 1 ? tail(p.name, world) : n === null ? "" : ":" + n);
  const workers = world.pods.flatMap(p => p.workers.map(w => ({ name: w.id, slot: p.slot, label: label(p, w.n), n: by[w.id] ?? 0 })));
  if (workers.length <= MOST_BARS) return workers;
  return world.pods.map(p => ({ name: p.name, slot: p.slot, label: tail(p.name, world), n: p.workers.reduce((n, w) => n + (by[w.id] ?? 0), 0) }));
}

/** @type {(name: string, world: World) => string} */
function tail(name, world) {
  const end = fit(name, 3).replace("…", "");
  return name.length > 3 && end.length > 2 ? String(world.pods.findIndex(p => p.name === name) + 1) : end;
}

/**
 * @param {World} world
 * @param {Counts} by
 * @returns {Shape}
 */
export function share(world, by) {
  const bars = barsOf(world, by), n = bars.length, step = n > 3 ? Math.min(19, WIDEST / n) : 22, thick = Math.min(14, step * .75), max = Math.max(1, ...bars.map(b => b.n));
  const label = bars.map(b => `${b.name}: ${b.n}`).join(", ") || "no pods yet", width = +(Math.max(3, n) * (n > 3 ? step : 22)).toFixed(1);
  /** @type {(Shape | null)[]} */
  const drawn = [];
  bars.forEach((b, i) => {
    const h = Math.round(20 * b.n / max), x = i * step + (step - thick) / 2;
    drawn.push(
      ["rect", { x: x.toFixed(1), y: 22 - h, width: thick.toFixed(1), height: h, fill: `url(#pt-${b.slot})` }],
      ["path", { class: "base", d: `M${(x - thick / 14).toFixed(1)} 22.5h${(thick * 8 / 7).toFixed(1)}` }],
      step >= 16 && b.label ? ["text", { x: (x + thick / 2).toFixed(1), y: 35 }, b.label] : null,
    );
  });
  return ["svg", { class: "dist", role: "img", "aria-label": "answered by " + label, width, height: 37, viewBox: `0 0 ${width} 37` }, ["title", {}, label], ...drawn];
}
