// Which of its three layouts the map takes, and how much has room in it. Pure.
//   columns  phones, a few pods side by side     boxes  a few pods below one another, a lane for each worker
//   rows     many pods: a line or two for each, a dot for each worker, and one box for all pods that have no row of their own
/** @import { Pod, Style, View } from "./types.d.ts" */

/** Heads above the pods, and the edge below them. */
export const HEAD = 62, FOOT = 16;
/** Sizes of pods and workers in boxes, without room to spare. */
export const BOX = { head: 30, pad: 8, worker: 28, largest: 120, gap: 5, between: 10, most: 4, workers: 8 };
/** Rows of one line and of two; the box for the other pods. */
export const ROW = { one: 24, two: 34, largest: 68, fold: 46, most: 15, dots: 4, between: 4 };
const COLUMN = { edge: 20, gap: 9, frame: 12, between: 5, worker: 60 };
const NARROW_BELOW = 520, PHONE = 362;

/** @param {View} view */
export const narrow = view => view.w < NARROW_BELOW;
/** @param {View} view */
export const alongPods = view => view.h - HEAD - FOOT;
/** @param {number} k workers of a pod */
export const leastPod = k => BOX.head + BOX.pad + k * BOX.worker + (k - 1) * BOX.gap;

/** How many workers of a pod on its own have a box. @param {View} view */
export const workersInBox = view => Math.min(BOX.workers, Math.floor((alongPods(view) - BOX.head - BOX.pad + BOX.gap) / (BOX.worker + BOX.gap)));

/** @type {(view: View, pods: Pod[]) => Style} */
export function styleOf(view, pods) {
  const n = pods.length, all = pods.reduce((sum, p) => sum + p.workers.length, 0);
  if (n > BOX.most) return "rows";
  const across = view.w - COLUMN.edge - COLUMN.gap * (n - 1) - COLUMN.frame * n - COLUMN.between * (all - n);
  if (view.tall && across / Math.max(1, all) >= COLUMN.worker) return "columns";
  if (n <= 1) return view.tall && !n ? "columns" : "boxes";
  // Rows are lower on phones, and that must not decide whether there are rows.
  return pods.reduce((sum, p) => sum + leastPod(p.workers.length), BOX.between * (n - 1)) <= (narrow(view) ? PHONE : alongPods(view)) ? "boxes" : "rows";
}

/** Whether a row has a second line. @type {(view: View, workers: number) => boolean} */
export const twoLines = (view, workers) => narrow(view) || workers > ROW.dots;

/** How many rows there are room for: without a box for other pods, and beside one. @type {(view: View, workers: number) => { all: number, beside: number }} */
export function rowsIn(view, workers) {
  const row = twoLines(view, workers) ? ROW.two : ROW.one;
  return { all: Math.min(ROW.most, Math.floor(alongPods(view) / row)), beside: Math.min(ROW.most - 2, Math.floor((alongPods(view) - ROW.fold) / row)) };
}

/** Where a row's dots start, how far apart they are, and how many have room in a row `across` wide. @type {(view: View, across: number) => { from: number, step: number, most: number }} */
export const dotsIn = (view, across) => (narrow(view) ? { from: 35, step: 9, most: Math.max(2, Math.floor((across - 94) / 9)) } : { from: 34, step: 11, most: Math.max(2, Math.floor((across - 46) / 11)) });
