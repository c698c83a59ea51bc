// Boxes of the map. Pure.
// Two axes: m runs from the browser through the front door and the pods to the bus; c runs across it, with a lane for each worker.
// Wide: m is x. Tall (phones): m is y. Everything below uses m and c; at() turns them into x and y.
/** @import { Box, FoldedPod, Geometry, Point, PodBox, View, WorkerBox } from "./types.d.ts" */

const MARGIN = 18, HEAD = 62, POD_HEAD = 30, PAD = 10;
/** @type {(x: number, lo: number, hi: number) => number} */
const clamp = (x, lo, hi) => Math.max(lo, Math.min(hi, x));
/** @param {number} k workers of a pod */
const leastWorker = k => (k === 1 ? 58 : k <= 4 ? 52 : 44);
/** @param {number} k workers of a pod */
const leastPod = k => POD_HEAD + PAD + k * leastWorker(k) + (k - 1) * 8;
/** @param {number[]} list */
const sum = list => list.reduce((a, b) => a + b, 0);

/** @type {(g: Geometry, point: Point) => [x: number, y: number]} */
export const at = (g, [m, c]) => (g.tall ? [c, m] : [m, c]);

/** @type {(view: View, pods: FoldedPod[]) => Geometry} */
export const geometry = (view, pods) => (view.tall ? tall(view, pods) : wide(view, pods));

/** @type {typeof geometry} */
function wide(view, pods) {
  const W = view.w, n = pods.length, gap = 14;
  /** @type {(lo: number, hi: number) => number} */
  const lerp = (lo, hi) => lo + (hi - lo) * clamp((W - 640) / 420, 0, 1);
  const bw = lerp(104, 136), dw = lerp(76, 92), rw = lerp(62, 76), pw = lerp(184, 262), free = W - 2 * MARGIN - bw - dw - rw - pw;
  const least = pods.map(p => leastPod(p.workers.length)), c1 = HEAD;
  const c2 = Math.max(view.h - MARGIN, c1 + sum(least) + gap * (n - 1));
  const door = { m1: MARGIN + bw + free * .4, m2: MARGIN + bw + free * .4 + dw, c1, c2 };
  const m1 = door.m2 + free * .31, m2 = m1 + pw, spare = c2 - c1 - gap * (n - 1) - sum(least);
  let c = c1;
  const boxes = pods.map((p, i) => {
    const size = least[i] + spare * least[i] / sum(least), k = p.workers.length, a = c, gw = 8;
    const lane = (size - POD_HEAD - PAD - gw * (k - 1)) / k, left = m1 + (k > 1 ? 62 : 22);
    c += size + gap;
    return podBox(p, { m1, m2, c1: a, c2: a + size }, p.workers.map((w, j) => {
      const wa = a + POD_HEAD + j * (lane + gw), wb = wa + lane;
      return { ...w, m1: left, m2: m2 - 12, c1: wa, c2: wb, lane: lane < 50 ? (wa + wb) / 2 - 2 : (wa + wb) / 2, tight: lane < 50 };
    }));
  });
  const c0 = middle(boxes, (c1 + c2) / 2);
  return {
    tall: false, W, H: c2 + MARGIN, c0, unit: 1, door, pods: boxes,
    browser: { m1: MARGIN, m2: MARGIN + bw, c1: c0 - 58, c2: c0 + 58 }, bus: { m1: W - MARGIN - rw, m2: W - MARGIN, c1, c2 }, podsAt: { m1, m2 },
  };
}

/** @type {typeof geometry} */
function tall(view, pods) {
  const n = pods.length, gap = n > 4 ? 5 : 9, c1 = 10, c2 = view.w - 10, pad = 6, gw = 5, m1 = 250, m2 = 374;
  const share = pods.map(p => p.workers.length + .5), free = c2 - c1 - gap * (n - 1);
  const widths = pods.map((_, i) => free * share[i] / sum(share)).map((size, i) => (size - 2 * pad - gw * (pods[i].workers.length - 1)) / pods[i].workers.length);
  // Where a lane is narrower than what runs in it, its three lines move closer together.
  const unit = clamp(Math.min(44, ...widths) / 44, .5, 1);
  let c = c1;
  const boxes = pods.map((p, i) => {
    const size = free * share[i] / sum(share), a = c, k = p.workers.length, wl = widths[i];
    c += size + gap;
    return podBox(p, { m1, m2, c1: a, c2: a + size }, p.workers.map((w, j) => {
      const wa = a + pad + j * (wl + gw), wb = wa + wl;
      const lane = unit < 1 ? (wa + wb) / 2 : Math.max(wa + 19, Math.min(wa + wl * .7, wb - 22));
      return { ...w, m1: m1 + (k > 1 ? 56 : 44), m2: m2 - 8, c1: wa, c2: wb, lane, tight: wl < 58 };
    }));
  });
  return {
    tall: true, W: view.w, H: 490, c0: middle(boxes, view.w / 2), unit, pods: boxes,
    browser: { m1: 12, m2: 62, c1, c2 }, door: { m1: 128, m2: 206, c1, c2 }, bus: { m1: 426, m2: 460, c1, c2 }, podsAt: { m1, m2 },
  };
}

/** @param {{ lane: number }[]} list */
const between = list => (list.length % 2 ? list[(list.length - 1) / 2].lane : (list[0].lane + list[list.length - 1].lane) / 2);
/** @type {(boxes: PodBox[], otherwise: number) => number} */
const middle = (boxes, otherwise) => (boxes.length ? between(boxes) : otherwise);
/** @type {(pod: FoldedPod, box: Box, workers: WorkerBox[]) => PodBox} */
const podBox = (pod, box, workers) => ({ ...pod, ...box, workers, lane: between(workers) });

/**
 * The box of a worker: its own, or the one that stands for the rest of its pod.
 * @param {Geometry} g
 * @param {string} id
 */
export function workerBox(g, id) {
  for (const p of g.pods) for (const w of p.workers) if (w.id === id || w.rest?.includes(id)) return { p, w };
  return null;
}
