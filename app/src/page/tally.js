// The scores of the six buttons. Pure. Every message that counts as sent ends as arrived or missed, once.
import { ACTIONS } from "./actions.js";

const zero = () => ({ sent: 0, arrived: 0, missed: 0, by: {} });

// A message keeps the score it started on: after a fresh start, what is still under way no longer counts.
export const freshScores = () => Object.fromEntries(ACTIONS.map(a => [a.op, zero()]));

export const anySent = scores => Object.values(scores).some(s => s.sent > 0);

export function countWorker(counts, worker) {
  if (worker) counts[worker] = (counts[worker] ?? 0) + 1;
}
