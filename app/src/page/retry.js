// How long to wait before the next socket. Pure.
// Full jitter from the first retry on: everyone of a pod that dies loses the socket at once, so even the first window
// is wide enough that no second of it sees more than a tenth of them.
const FIRST_WINDOW_MS = 15_000;
export const CAP_MS = 30_000;
export const STABLE_MS = 60_000;

export function retryDelay(attempt, hintMs, random) {
  if (hintMs !== null) return hintMs + random() * hintMs;
  return random() * Math.min(CAP_MS, FIRST_WINDOW_MS * 2 ** attempt);
}

// The reason of close code 1012: {"retry_ms": N}.
export function hintFrom(code, reason) {
  if (code !== 1012) return null;
  try {
    const n = JSON.parse(reason).retry_ms;
    return Number.isFinite(n) && n > 0 && n <= 600_000 ? n : null;
  } catch {
    return null;
  }
}
