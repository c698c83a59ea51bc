// The scores of the six buttons. Pure. Every message that counts as sent ends as arrived or missed, once.
/** @import { Counts, Score, Scores } from "./types.d.ts" */
import { ACTIONS } from "./actions.js";

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
