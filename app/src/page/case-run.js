// Asks many times, one request after another, until it is stopped. Pure but for the promises.
/** @import { Asked } from "./case-ask.js" */

const FAILURES = 3;

/**
 * Asks up to `n` times, each time after the last answer. Stops early when `heard` returns false, when the signal aborts, or after three
 * requests in a row that the app didn't answer.
 * @type {(n: number, signal: AbortSignal, ask: () => Asked, heard: (m: Asked) => boolean | void) => Promise<void>}
 */
export async function askInTurn(n, signal, ask, heard) {
  let failed = 0;
  for (let i = 0; i < n && !signal.aborted && failed < FAILURES; i++) {
    const m = ask();
    await m.whenFinished;
    if (m.stopped) return;
    failed = m.problem ? failed + 1 : 0;
    if (heard(m) === false) return;
  }
}

/** Lets one job of a panel run at a time. A single request waits for the one before it; while many are under way, nothing else starts. */
export function oneAtATime() {
  /** @type {AbortController | null} */
  let many = null;
  let last = Promise.resolve(), waiting = 0;
  return {
    busy: () => waiting > 0,
    /** Whether many requests are under way. */
    many: () => many !== null,
    stop: () => many?.abort(),
    /** @type {(job: () => Promise<void>) => Promise<void>} */
    single(job) {
      if (many) return Promise.resolve();
      waiting++;
      const done = last.then(job).finally(() => { waiting--; });
      last = done.catch(() => {});
      return done;
    },
    /** @type {(job: (signal: AbortSignal) => Promise<void>) => Promise<void>} */
    async run(job) {
      if (many || waiting) return;
      many = new AbortController();
      waiting++;
      try {
        await job(many.signal);
      } finally {
        many = null;
        waiting--;
      }
    },
  };
}
