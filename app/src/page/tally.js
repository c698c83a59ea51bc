// The scores of the six buttons. Pure. Every message that counts as sent ends as arrived or missed, once.
/** @import { CaseOp, Counts, Followed, Op, Score, Scores, ShownBurst } from "./types.d.ts" */
import { ACTIONS, actionOf } from "./actions.js";
import { lackOf } from "./trace.js";

/** @returns {Score} */
const zero = () => ({ sent: 0, arrived: 0, missed: 0, by: {} });

/** A message keeps the score it started on: after a reset, what is still under way no longer counts. */
export const freshScores = () => /** @type {Scores} */ (Object.fromEntries(ACTIONS.map(a => [a.op, zero()])));

/** @param {Scores} scores */
export const anySent = scores => Object.values(scores).some(s => s.sent > 0);

/**
 * @param {Counts} counts
 * @param {string | null} worker
 */
export function countWorker(counts, worker) {
  if (worker) counts[worker] = (counts[worker] ?? 0) + 1;
}

/** @type {(op: Op | CaseOp, n: number, named: boolean) => ShownBurst} */
export const freshBurst = (op, n, named) => ({
  kind: "burst", op, n, reached: {}, missed: {}, unpublished: {}, unheard: {}, socketless: 0, arrived: 0, cookies: { some: 0, none: 0 }, affinity: "unknown", drops: [], done: false,
  backOnSocket: actionOf(op).back === "ws", named, socketAt: null,
});

/**
 * Adds a message that is finished.
 * @type {(burst: ShownBurst, m: Followed) => void}
 */
export function addTo(burst, m) {
  const lack = lackOf(m);
  countWorker(burst.reached, m.reached);
  if (m.outcome === "arrived") burst.arrived++;
  if (lack === "socket") burst.socketless++;
  const at = lack === "bus" ? burst.unpublished : lack && actionOf(burst.op).bus ? burst.unheard : lack ? burst.missed : null;
  // Where workers have no names, the messages count all the same.
  if (at) countWorker(at, m.reached ?? "?");
  if (m.cookies) burst.cookies[m.cookies.length ? "some" : "none"]++;
  burst.affinity = m.affinity;
  if (m.socket.at) burst.socketAt = m.socket.at;
}

/** @param {Counts} counts */
export const sumOf = counts => Object.values(counts).reduce((a, b) => a + b, 0);
