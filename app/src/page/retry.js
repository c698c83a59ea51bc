// How long to wait before opening the next socket. Pure.
// Full jitter from the first retry on: when a pod dies, all its clients lose their sockets at once. The first window is wide enough
// that no second of it gets more than a tenth of them.
const FIRST_WINDOW_MS = 15_000;
export const CAP_MS = 30_000;
export const STABLE_MS = 60_000;

/**
 * @param {number} attempt from 0
 * @param {number | null} hintMs what the server asked for
 * @param {() => number} random
 */
export function retryDelay(attempt, hintMs, random) {
  if (hintMs !== null) return hintMs + random() * hintMs;
  return random() * Math.min(CAP_MS, FIRST_WINDOW_MS * 2 ** attempt);
}

/**
 * The server's hint: the reason of close code 1012, {"retry_ms": N}.
 * @param {number} code
 * @param {string} reason
 * @returns {number | null}
 */
export function hintFrom(code, reason) {
  if (code !== 1012) return null;
  try {
    const n = JSON.parse(reason).retry_ms;
    return Number.isFinite(n) && n > 0 && n <= 600_000 ? n : null;
  } catch {
    return null;
  }
}
