// Decides which pods and workers get a place of their own. Those without room share one that shows how many it stands for. Pure.
/** @import { Folded, FoldedPod, FoldedWorker, Pod, Shown, View, Worker } from "./types.d.ts" */
import { podOf } from "./ids.js";
import { narrow, rowsIn, styleOf, workersInBox } from "./room.js";

/**
 * Workers of what is shown, in the order in which the message or the messages reached them.
 * @param {Shown} shown
 */
export function shownWorkers(shown) {
  if (shown.kind === "burst") return Object.keys(shown.reached);
  if (shown.kind !== "trace") return [];
  return shown.hops.flatMap(h => [h.from, h.to]).filter(x => x !== null && x !== "browser" && x !== "door" && x !== "bus");
}

/**
 * `n` of the list in its own order: those to keep in sight, as many as there is room for, then the first of the others.
 * @template T
 * @param {T[]} list
 * @param {number} n
 * @param {T[]} keep the most important first
 */
export function pick(list, n, keep) {
  const chosen = new Set([...new Set([...keep, ...list])].slice(0, n));
  return list.filter(x => chosen.has(x));
}

/**
 * @param {(Worker | FoldedWorker)[]} workers
 * @param {number} cap
 * @param {(string | null)[]} keep ids of workers
 * @returns {FoldedWorker[]}
 */
export function foldWorkers(workers, cap, keep) {
  if (workers.length <= cap) return workers.map(w => ({ ...w, rest: null }));
  const own = pick(workers, cap - 1, keep.flatMap(id => workers.find(w => w.id === id) ?? [])), rest = workers.filter(w => !own.includes(w));
  return [...own.map(w => ({ ...w, rest: null })), { id: null, n: null, state: "ready", rest: rest.flatMap(w => w.id ?? []), all: !own.length }];
}

/** @param {Pod[]} pods @returns {FoldedPod} */
const others = pods => ({
  name: "", slot: 0, state: "ready", size: 0, until: null, version: null, fold: pods.length,
  workers: [{ id: null, n: null, state: "ready", rest: pods.flatMap(p => p.workers.map(w => w.id)), all: true }],
});

/**
 * @param {View} view
 * @param {Pod[]} pods
 * @param {string | null} held the worker with the page's socket
 * @param {Shown} shown
 * @returns {Folded}
 */
export function fold(view, pods, held, shown) {
  const style = styleOf(view, pods), keep = [held, ...shownWorkers(shown)];
  if (style !== "rows") {
    const cap = pods.length === 1 && style === "boxes" ? workersInBox(view) : Infinity;
    return { style, hidden: 0, pods: pods.map(p => ({ ...p, fold: 0, workers: foldWorkers(p.workers, cap, keep) })) };
  }
  const most = Math.max(...pods.map(p => p.workers.length)), cap = rowsIn(view, most), folds = pods.length > cap.all;
  const first = keep.flatMap(id => (id && pods.find(p => p.name === podOf(id))) || []), chosen = !folds || view.open ? pods : pick(pods, cap.beside, first);
  // A phone may not show all rows at once, so those that matter stand on top.
  const own = narrow(view) && chosen.length < pods.length ? [...new Set([...first.filter(p => chosen.includes(p)), ...chosen])] : chosen;
  const rest = pods.filter(p => !own.includes(p));
  // A row's dots are folded where its width is known.
  const rows = own.map(p => ({ ...p, fold: 0, workers: p.workers.map(w => ({ ...w, rest: null })) }));
  return { style, hidden: folds ? pods.length - cap.beside : 0, pods: rest.length ? [...rows, others(rest)] : rows };
}
