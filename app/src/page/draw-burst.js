// Twenty messages at once: the lanes carry their share. Pure.
/** @import { Counts, Geometry, Point, PodBox, ShownBurst, State, WorkerBox } from "./types.d.ts" */
/** @import { Attributes } from "./tree.js" */
/** @import { Sheet } from "./sheet.js" */
import { actionOf } from "./actions.js";
import { at, workerBox } from "./geometry.js";
import { arrow, beforeBus, busIn, cordWay, fromBus, off, toBus, turnOf, wayIn } from "./lanes.js";
import { markArrived, markCookie, missAtBus, missAtWorker, stopBeforeBus } from "./draw-marks.js";
import { drawDrops } from "./draw-trace.js";

/**
 * A box and its messages; `id` is one of its workers.
 * @typedef {{ id: string, f: { p: PodBox, w: WorkerBox }, n: number }} Flow
 * @typedef {{ width: (n: number) => number, flow: Stroke, cased: Stroke }} Pen
 * @typedef {(way: Point[], n: number, extra?: Attributes) => void} Stroke
 */

/** @type {(g: Geometry) => (f: Flow["f"]) => PodBox | WorkerBox} */
const laneOf = g => f => (g.style === "rows" ? f.p : f.w);

/**
 * Counts by lane, the largest first: workers that share a box or a row share its lane.
 * @param {Geometry} g
 * @param {Counts} counts
 * @param {(f: Flow["f"]) => PodBox | WorkerBox} [by]
 * @returns {Flow[]}
 */
function byBox(g, counts, by = laneOf(g)) {
  /** @type {Map<PodBox | WorkerBox, Flow>} */
  const boxes = new Map();
  for (const [id, n] of Object.entries(counts)) {
    const f = workerBox(g, id);
    if (f && n) boxes.set(by(f), { id, f, n: n + (boxes.get(by(f))?.n ?? 0) });
  }
  return [...boxes.values()].sort((x, y) => y.n - x.n);
}

/** @type {(s: Sheet, state: State, b: ShownBurst) => void} */
export function drawBurst(s, state, b) {
  const a = actionOf(b.op), { g } = s;
  /** @param {number} n */
  const width = n => 1.6 + 6 * n / Math.max(1, b.n);
  /** @type {Stroke} */
  const flow = (way, n, extra) => { s.lines.push(s.line(way, "flow", { "stroke-width": width(n).toFixed(1), ...extra })); };
  /** @type {Stroke} */
  const cased = (way, n, extra) => {
    s.lines.push(s.line(way, "case", { "stroke-width": (width(n) + 4).toFixed(1) }));
    flow(way, n, extra);
  };
  const byMost = byBox(g, b.reached), missed = byBox(g, b.missed, f => f.w);
  drawDrops(s, b.drops, byMost[0]?.id);
  if (a.out === "http") drawWaysIn(s, byMost, { width, flow, cased });
  for (const { f, n } of byMost) {
    if (a.out === "http" && !f.p.split && g.style !== "rows") {
      const [x, y] = g.tall ? at(g, [f.p.m1 - 12, f.w.lane + off(g, "out") - 8]) : at(g, [(g.door.m2 + f.p.m1) / 2, f.w.lane + off(g, "out") - 9]);
      s.xy(x, y, "tm halo", String(n), g.tall ? "end" : "middle");
    }
  }
  if (a.bus) drawToBus(s, b, cased);
  else for (const { id, n } of missed) missAtWorker(s, id, [`${n} missed`, `${n} miss`], state);
  if (b.backOnSocket && b.arrived && state.socket.state === "live" && state.socket.at) drawWayBack(s, b, state.socket.at, byMost, { width, flow, cased });
  if (b.cookies.some && byMost.length) markCookie(s);
  if (b.done && b.arrived === b.n) markArrived(s);
}

/**
 * What was published reaches the bus, and what the bus didn't take ends before it.
 * @type {(s: Sheet, b: ShownBurst, cased: Stroke) => void}
 */
function drawToBus(s, b, cased) {
  const { g } = s, held = byBox(g, b.unpublished), lane = laneOf(g);
  for (const { id, f, n } of byBox(g, b.reached)) {
    const stopped = held.find(x => lane(x.f) === lane(f))?.n ?? 0, y = toBus(g, f.w);
    if (n > stopped) cased([[f.w.m2, y], [busIn(g), y]], n - stopped, { "data-hop": `${id}>bus:publish` });
    else cased([[f.w.m2, y], [beforeBus(g), y]], n);
    if (stopped) stopBeforeBus(s, id);
  }
  for (const { id } of byBox(g, b.unheard)) missAtBus(s, id);
}

/**
 * A lane carries its pod's sum as far as the pod, and each worker's own inside it.
 * @type {(s: Sheet, byMost: Flow[], pen: Pen) => void}
 */
function drawWaysIn(s, byMost, { width, flow, cased }) {
  const { g } = s;
  /** @type {Map<PodBox, number>} */
  const sums = new Map();
  for (const { id, f, n } of byMost) {
    let way = wayIn(g, "out", id);
    if (f.p.split) way = [[f.p.m1 + 8, f.p.lane + off(g, "out")], ...way.slice(way.findIndex(x => x[0] > f.p.m1))];
    cased(way, n, { "data-hop": `door>${id}:post` });
    s.over.push(arrow(g, way, 8 + width(n) * .8));
    sums.set(f.p, (sums.get(f.p) ?? 0) + n);
  }
  for (const [p, n] of sums) {
    if (!p.split) continue;
    const [first] = p.workers, way = wayIn(g, "out", first.id ?? first.rest?.[0] ?? ""), inside = way.findIndex(x => x[0] > p.m1);
    flow([...way.slice(0, inside), [(p.m1 + first.m1) / 2 - 3, p.lane + off(g, "out")]], n);
  }
  const sum = [...sums.values()].reduce((a, b) => a + b, 0), y = g.c0 + off(g, "out");
  if (sum) flow([[g.browser.m2, y], [(g.door.m1 + g.door.m2) / 2 - (sums.size > 1 ? turnOf(g, "out") : 0), y]], sum, { "stroke-linecap": "butt", "data-hop": "browser>door:post" });
}

/** @type {(s: Sheet, b: ShownBurst, socketAt: string, byMost: Flow[], pen: Pen) => void} */
function drawWayBack(s, b, socketAt, byMost, { width, flow }) {
  const { g } = s, holder = workerBox(g, socketAt);
  if (!holder) return;
  if (actionOf(b.op).bus && byMost.length) {
    const lanes = byMost.map(({ f }) => toBus(g, f.w)), home = fromBus(g, holder.w), m = busIn(g);
    for (const far of [Math.min(...lanes, home), Math.max(...lanes, home)]) {
      if (Math.abs(far - home) > 1) flow([[m, far], [m, home], [holder.w.m2 + 6, home]], b.arrived, { "stroke-linecap": "round", "data-hop": `bus>${socketAt}:deliver` });
    }
    s.over.push(arrow(g, [[m, home], [holder.w.m2, home]], 9 + width(b.arrived) * .5));
  }
  const way = cordWay(g, socketAt).reverse();
  way[way.length - 1] = [g.browser.m2 + 8, g.c0 + off(g, "ws")];
  s.lines.push(s.line(way, "hop push", { "data-hop": "door>browser:push" }));
  s.over.push(arrow(g, way, 10));
}
