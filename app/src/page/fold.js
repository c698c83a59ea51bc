// Decides which pods and workers get a box of their own. Those without room share one box that shows how many it stands for. Pure.
/** @import { FoldedPod, FoldedWorker, Pod, View, Worker } from "./types.d.ts" */
import { podOf } from "./ids.js";

const WIDE = { pods: 12, lanes: 24, perPod: 8 };
const TALL = { pod: 36, frame: 12, lane: 26, margin: 15 };

/**
 * How many pods, and how many workers in each, have room.
 * @param {View} view
 * @param {number} n pods
 */
function room(view, n) {
  if (!view.tall) return { pods: WIDE.pods, perPod: Math.max(2, Math.min(WIDE.perPod, Math.floor(WIDE.lanes / Math.min(n, WIDE.pods)))) };
  const across = view.w - TALL.margin, pods = Math.max(1, Math.floor(across / TALL.pod));
  return { pods, perPod: Math.max(1, Math.min(WIDE.perPod, Math.floor((across / Math.min(n, pods) - TALL.frame) / TALL.lane))) };
}

/**
 * The first `n`. The one to keep in sight replaces the last of them if needed.
 * @template T
 * @param {T[]} list
 * @param {number} n
 * @param {(one: T) => boolean} keep
 */
function pick(list, n, keep) {
  const first = list.slice(0, n), i = list.findIndex(keep);
  return i < n || !n ? first : [...first.slice(0, n - 1), list[i]];
}

/**
 * @param {Worker[]} workers
 * @param {number} cap
 * @param {string | null} held the worker with the page's socket
 * @returns {FoldedWorker[]}
 */
function foldWorkers(workers, cap, held) {
  if (workers.length <= cap) return workers.map(w => ({ ...w, rest: null }));
  const own = pick(workers, cap - 1, w => w.id === held), rest = workers.filter(w => !own.includes(w));
  return [...own.map(w => ({ ...w, rest: null })), { id: null, n: null, state: "ready", rest: rest.map(w => w.id), all: !own.length }];
}

/**
 * @param {View} view
 * @param {Pod[]} pods
 * @param {string | null} held the worker with the page's socket
 * @returns {{ pods: FoldedPod[], hidden: number }}
 */
export function fold(view, pods, held) {
  if (!pods.length) return { pods: [], hidden: 0 };
  const cap = room(view, pods.length);
  const shown = pick(pods, cap.pods, p => held !== null && p.name === podOf(held));
  return { pods: shown.map(p => ({ ...p, workers: foldWorkers(p.workers, cap.perPod, held) })), hidden: pods.length - shown.length };
}
