// Boxes of the map. Pure.
// Two axes: m runs from the browser through the front door and the pods to the bus; c runs across it, with a lane for each worker or row.
// In columns m is y, otherwise it is x. Everything below uses m and c; at() turns them into x and y.
/** @import { Box, Folded, FoldedPod, Geometry, Point, PodBox, View, WorkerBox } from "./types.d.ts" */
import { foldWorkers } from "./fold.js";
import { BOX, FOOT, HEAD, ROW, alongPods, dotsIn, leastPod, narrow, twoLines } from "./room.js";

const HIGH = 92;
/** @type {(x: number, lo: number, hi: number) => number} */
const clamp = (x, lo, hi) => Math.max(lo, Math.min(hi, x));
/** @param {number[]} list */
const sum = list => list.reduce((a, b) => a + b, 0);

/** @typedef {{ m1: number, m2: number }} Span */

/** @type {(g: Geometry, point: Point) => [x: number, y: number]} */
export const at = (g, [m, c]) => (g.tall ? [c, m] : [m, c]);

/** @type {(view: View, shown: Folded, keep?: (string | null)[]) => Geometry} */
export function geometry(view, shown, keep = []) {
  if (shown.style === "columns") return inColumns(view, shown.pods);
  return shown.style === "boxes" ? inBoxes(view, shown.pods) : inRows(view, shown, keep);
}

// Width of the map; its edge; browser, front door, pods, bus; and the shares of the first two gaps in the room that is left.
const COLUMNS = [[304, 6, 34, 28, 130, 18, .5, .25], [520, 12, 76, 62, 200, 48, .42, .29], [640, 18, 104, 76, 200, 62, .4, .31], [1060, 18, 136, 92, 262, 76, .4, .31]];

/** Places along m where it is x; `more` widens the pods. @type {(view: View, more?: number) => { browser: Span, door: Span, pods: Span, bus: Span, turn: number }} */
function across(view, more = 0) {
  const W = view.w, i = clamp(COLUMNS.findIndex(x => x[0] > W), 1, COLUMNS.length - 1), [a, b] = COLUMNS.slice(i - 1, i + 1), k = clamp((W - a[0]) / (b[0] - a[0]), 0, 1);
  const [edge, bw, dw, least, rw, first, second] = a.slice(1).map((x, j) => x + (b[j + 1] - x) * k), pw = least + more, free = W - 2 * edge - bw - dw - pw - rw;
  const browser = { m1: edge, m2: edge + bw }, d1 = browser.m2 + free * first, door = { m1: d1, m2: d1 + dw }, p1 = door.m2 + free * second;
  return { browser, door, pods: { m1: p1, m2: p1 + pw }, bus: { m1: W - edge - rw, m2: W - edge }, turn: clamp(dw / 76, .35, 1) };
}

/** @type {(view: View, at: ReturnType<typeof across>, c0: number, H: number) => Omit<Geometry, "style" | "unit" | "pods">} */
function around(view, { browser, door, pods, bus, turn }, c0, H) {
  const c1 = HEAD, c2 = H - FOOT;
  return {
    tall: false, narrow: narrow(view), W: view.w, H, c0, turn, podsAt: pods, shut: null,
    browser: { ...browser, c1: c0 - 58, c2: c0 + 58 }, door: { ...door, c1, c2 }, bus: { ...bus, c1, c2 },
  };
}

/** @type {(view: View, pods: FoldedPod[]) => Geometry} */
function inBoxes(view, pods) {
  const place = across(view), { m1, m2 } = place.pods, least = pods.map(p => leastPod(p.workers.length)), gaps = BOX.between * (pods.length - 1);
  const small = narrow(view), inner = small ? 22 : m2 - m1 < 230 ? 44 : 62;
  // One pod doesn't fill the map.
  const most = sum(pods.map(p => leastPod(p.workers.length) + p.workers.length * (BOX.largest - BOX.worker))), spare = Math.min(alongPods(view) - gaps, most) - sum(least);
  let c = HEAD + Math.max(0, alongPods(view) - gaps - most) / 2;
  const all = pods.map((p, i) => {
    const size = least[i] + spare * least[i] / sum(least), k = p.workers.length, a = c;
    const lane = (size - BOX.head - BOX.pad - BOX.gap * (k - 1)) / k, left = m1 + (k > 1 ? inner : small ? 10 : 22), tight = lane < 48;
    c += size + BOX.between;
    return podBox(p, { m1, m2, c1: a, c2: a + size }, p.workers.map((w, j) => {
      const wa = a + BOX.head + j * (lane + BOX.gap), wb = wa + lane;
      return { ...w, m1: left, m2: m2 - (small ? 5 : 12), c1: wa, c2: wb, lane: (wa + wb) / 2, tight };
    }));
  });
  const narrowest = Math.min(52, ...all.flatMap(p => p.workers.map(w => w.c2 - w.c1)));
  return { style: "boxes", ...around(view, place, heightOf(view, all), view.h), unit: clamp(narrowest / 52, .5, 1), pods: all };
}

/** @type {(view: View, shown: Folded, keep: (string | null)[]) => Geometry} */
function inRows(view, { pods, hidden }, keep) {
  const place = across(view, narrow(view) ? 0 : 40), { m1, m2 } = place.pods, own = pods.filter(p => !p.fold), folds = own.length < pods.length;
  const k = Math.max(...own.map(p => p.workers.length)), least = twoLines(view, k) ? ROW.two : ROW.one, open = Boolean(view.open && hidden);
  const room = alongPods(view) - (folds ? ROW.fold : 0), pitch = open ? least + 2 : clamp(room / own.length, least, ROW.largest);
  const top = open ? view.top ?? 0 : 0, H = open ? Math.max(view.h, HEAD + own.length * pitch + ROW.fold + FOOT) : view.h;
  let c = open ? HEAD : HEAD + Math.max(0, (room - pitch * own.length) / 2);
  const dots = dotsIn(view, m2 - m1), unit = clamp((pitch - ROW.between) / 44, .45, 1);
  const all = pods.map(p => {
    const size = p.fold ? ROW.fold : pitch, box = { m1, m2, c1: c, c2: c + size - ROW.between };
    c += size;
    return p.fold ? rowBox(p, box, unit, dots, 0) : rowBox({ ...p, workers: foldWorkers(p.workers, dots.most, keep) }, box, unit, dots, k);
  });
  const shut = open ? { m1, m2, c1: top + view.h - 42, c2: top + view.h - 8 } : null;
  return { style: "rows", ...around(view, place, open ? top + heightOf(view, []) : heightOf(view, all), H), unit, pods: all, shut };
}

/** @type {(pod: FoldedPod, box: Box, unit: number, dots: { from: number, step: number }, workers: number) => PodBox} */
function rowBox(pod, box, unit, { from, step }, k) {
  // The socket's lane is the lowest of the three, and its jack stands nearer the middle.
  const half = (box.c1 + box.c2) / 2, lane = half - 5 * unit, two = box.c2 - box.c1 >= ROW.two - ROW.between, c = two ? half + 9 : half;
  const workers = pod.workers.map((w, j) => ({ ...w, ...box, lane, tight: !two, ...(k > 1 ? { dot: /** @type {Point} */ ([box.m1 + from + j * step, c]) } : {}) }));
  return { ...pod, ...box, workers, lane, split: false };
}

/** @type {(view: View, pods: FoldedPod[]) => Geometry} */
function inColumns(view, pods) {
  const n = pods.length, gap = 9, c1 = 10, c2 = view.w - 10, pad = 6, gw = 5, m1 = 190, H = view.h, m2 = H - 98;
  const share = pods.map(p => p.workers.length + .3), free = c2 - c1 - gap * (n - 1);
  let c = c1;
  const all = pods.map((p, i) => {
    const size = free * share[i] / sum(share), a = c, k = p.workers.length, wl = (size - 2 * pad - gw * (k - 1)) / k;
    c += size + gap;
    return podBox(p, { m1, m2, c1: a, c2: a + size }, p.workers.map((w, j) => {
      const wa = a + pad + j * (wl + gw), wb = wa + wl;
      return { ...w, m1: m1 + (k > 1 ? 62 : 8), m2: m2 - 8, c1: wa, c2: wb, lane: Math.max(wa + 19, Math.min(wa + wl * .7, wb - 22)), tight: k > 1 };
    }));
  });
  return {
    style: "columns", tall: true, narrow: true, W: view.w, H, c0: middle(all, view.w / 2), unit: 1, turn: 1, pods: all, shut: null,
    browser: { m1: 10, m2: 54, c1, c2 }, door: { m1: 104, m2: 156, c1, c2 }, bus: { m1: H - 60, m2: H - 36, c1, c2 }, podsAt: { m1, m2 },
  };
}

/** @param {{ lane: number }[]} list */
const between = list => (list.length % 2 ? list[(list.length - 1) / 2].lane : (list[0].lane + list[list.length - 1].lane) / 2);
/** @type {(boxes: PodBox[], otherwise: number) => number} */
const middle = (boxes, otherwise) => (boxes.length ? between(boxes) : otherwise);
/** The browser's lane: in the middle, on narrow screens near the sentence above the map. @type {(view: View, boxes: PodBox[]) => number} */
const heightOf = (view, boxes) => (narrow(view) ? HEAD + HIGH : middle(boxes, HEAD + alongPods(view) / 2));
/** @type {(pod: FoldedPod, box: Box, workers: WorkerBox[]) => PodBox} */
const podBox = (pod, box, workers) => ({ ...pod, ...box, workers, lane: between(workers), split: workers.length > 1 });

/**
 * The box of a worker: its own, or the one that stands for several.
 * @param {Geometry} g
 * @param {string} id
 */
export function workerBox(g, id) {
  for (const p of g.pods) for (const w of p.workers) if (w.id === id || w.rest?.includes(id)) return { p, w };
  return null;
}
