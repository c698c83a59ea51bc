// The lanes that messages run in: the corner points of each hop, and the paths through them. Pure.
/** @import { DrawnHop, Geometry, Lane, Point, WorkerBox } from "./types.d.ts" */
/** @import { Shape } from "./tree.js" */
import { at, workerBox } from "./geometry.js";

// out: request, back: answer, ws: socket. OFF is the offset across the lane; TURN places a turn inside a slab along m, so that lines don't overlap.
const OFF = { out: -14, back: -3, ws: 13 };
const TURN = { out: 15, back: 4, ws: -25 };
/** @type {Partial<Record<DrawnHop["kind"], Lane>>} */
const LANE = { post: "out", answer: "back", frame: "ws", push: "ws" };
const BUS_SIDE = 8, BUS_TURN = 7, CORNER = 10, BEFORE_PLUG = 8, BEFORE_BUS = 12;
// Turns inside a pod come closer together than those in the front door.
const INSIDE = 112;

/** @type {(g: Geometry, lane: Lane) => number} */
export const off = (g, lane) => OFF[lane] * g.unit;
/** @type {(g: Geometry, lane: Lane) => number} */
export const turnOf = (g, lane) => TURN[lane] * g.turn;
/** @param {Geometry} g */
const busMiddle = g => (g.bus.m1 + g.bus.m2) / 2;
/** @type {(g: Geometry, w: WorkerBox) => number} */
export const toBus = (g, w) => w.lane - BUS_SIDE * g.unit;
/** @type {(g: Geometry, w: WorkerBox) => number} */
export const fromBus = (g, w) => w.lane + BUS_SIDE * g.unit;
/** @param {Geometry} g */
export const busIn = g => busMiddle(g) - BUS_TURN * g.turn;
/** Where the lane of what the bus didn't take ends. @param {Geometry} g */
export const beforeBus = g => g.bus.m1 - BEFORE_BUS * g.turn;
/** @param {Geometry} g */
const busOut = g => busMiddle(g) + BUS_TURN * g.turn;
/** @type {(g: Geometry, lane: Lane, from: number, to: number) => number} */
const turn = (g, lane, from, to) => (to > from ? turnOf(g, lane) : -turnOf(g, lane));

/**
 * From the outer side of the front door to a worker, or on to `endAt` inside it.
 * @param {Geometry} g
 * @param {Lane} lane
 * @param {string} id
 * @param {number} [endAt]
 * @returns {Point[]}
 */
export function wayIn(g, lane, id, endAt) {
  const f = workerBox(g, id);
  if (!f) return [];
  const o = off(g, lane), y0 = g.c0 + o, yp = f.p.lane + o, yw = f.w.lane + o;
  /** @type {Point[]} */
  const points = [[g.door.m1, y0]];
  if (Math.abs(f.p.lane - g.c0) > 1) {
    const m = (g.door.m1 + g.door.m2) / 2 + turn(g, lane, g.c0, f.p.lane);
    points.push([m, y0], [m, yp]);
  }
  if (Math.abs(f.w.lane - f.p.lane) > 1) {
    const side = (f.w.lane > f.p.lane ? 1 : -1) * TURN[lane];
    // In columns the pod's name stands above the turn.
    const m = g.tall ? f.w.m1 - 11 + side * .3 : (f.p.m1 + f.w.m1) / 2 + side * (f.w.m1 - f.p.m1) / INSIDE;
    points.push([m, yp], [m, yw]);
  }
  points.push([endAt ?? f.w.m1, yw]);
  return points;
}

/**
 * Where a socket is plugged into a worker.
 * @param {Geometry} g
 * @param {string} id
 */
export function jackAt(g, id) {
  const f = workerBox(g, id);
  return f && jackIn(g, f.w);
}
/** @param {Geometry} g */
const jackDepth = g => (g.tall ? 15 : g.style === "rows" ? (g.narrow ? 19 : 15) : g.narrow ? 11 : 20);
/** @type {(g: Geometry, w: WorkerBox) => Point} */
export const jackIn = (g, w) => [w.m1 + jackDepth(g), w.lane + off(g, "ws")];

/** @type {(g: Geometry, id: string) => Point[]} */
export function cordWay(g, id) {
  const jack = jackAt(g, id);
  return jack ? [[g.browser.m2, g.c0 + off(g, "ws")], ...wayIn(g, "ws", id, jack[0])] : [];
}

/** @param {string | null} x */
const isWorker = x => x !== null && x !== "browser" && x !== "door" && x !== "bus";

/**
 * One hop.
 * @param {Geometry} g
 * @param {DrawnHop} hop
 * @param {string} [publisher] the worker whose lane the bus turns from
 * @returns {Point[]}
 */
export function hopWay(g, hop, publisher) {
  const lane = LANE[hop.kind];
  if (lane) {
    const inward = hop.kind === "post" || hop.kind === "frame", worker = [hop.from, hop.to].find(isWorker);
    const y = g.c0 + off(g, lane);
    /** @type {Point[]} */
    let points = worker ? wayIn(g, lane, worker, lane === "ws" ? jackAt(g, worker)?.[0] : undefined) : [[g.browser.m2, y], [g.door.m1, y]];
    if (!inward) points = points.slice().reverse();
    if (hop.to === "browser" && lane === "ws") points[points.length - 1] = [g.browser.m2 + BEFORE_PLUG, y];
    return points;
  }
  if (hop.kind === "publish") {
    const f = workerBox(g, hop.from);
    return f ? [[f.w.m2, toBus(g, f.w)], [hop.to === null ? beforeBus(g) : busIn(g), toBus(g, f.w)]] : [];
  }
  if (hop.kind === "deliver" || hop.kind === "ignore") {
    const f = hop.to && workerBox(g, hop.to), p = publisher && workerBox(g, publisher);
    if (!f) return [];
    const y = toBus(g, (p || f).w);
    return [[busIn(g), y], [busOut(g), y], [busOut(g), fromBus(g, f.w)], [f.w.m2, fromBus(g, f.w)]];
  }
  return [];
}

/** @param {number[]} p */
const pair = p => `${p[0].toFixed(1)} ${p[1].toFixed(1)}`;
/** @type {(from: number[], to: number[], by: number) => [number, number]} */
const toward = (from, to, by) => {
  const l = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  return [from[0] + (to[0] - from[0]) / l * by, from[1] + (to[1] - from[1]) / l * by];
};

/**
 * An SVG path through the points, with round corners.
 * @type {(g: Geometry, way: Point[]) => string}
 */
export function pathOf(g, way) {
  const p = way.map(x => at(g, x));
  if (p.length < 2) return "";
  let d = "M" + pair(p[0]);
  for (let i = 1; i < p.length - 1; i++) {
    const [a, b, c] = [p[i - 1], p[i], p[i + 1]];
    const la = Math.hypot(b[0] - a[0], b[1] - a[1]), lc = Math.hypot(c[0] - b[0], c[1] - b[1]), k = Math.min(CORNER, la / 2, lc / 2);
    if (la && lc) d += ` L${pair(toward(b, a, k))} Q${pair(b)} ${pair(toward(b, c, k))}`;
  }
  return d + " L" + pair(p[p.length - 1]);
}

/**
 * An arrow head at the end of a way of two points or more.
 * @param {Geometry} g
 * @param {Point[]} way
 * @param {number} size
 * @param {string} [kind]
 * @returns {Shape}
 */
export function arrow(g, way, size, kind = "") {
  const [tail, tip] = way.slice(-2).map(x => at(g, x));
  const back = toward(tip, tail, size), u = [(back[0] - tip[0]) * .55, (back[1] - tip[1]) * .55];
  const corners = [tip, [back[0] + u[1], back[1] - u[0]], [back[0] - u[1], back[1] + u[0]]];
  return ["path", { class: `head ${kind}`.trim(), d: "M" + corners.map(pair).join("L") + "Z" }];
}
