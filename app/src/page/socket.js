// The page's one WebSocket: opened, kept open, opened again.
/** @import { SocketState, Wire } from "./types.d.ts" */
import { STABLE_MS, hintFrom, retryDelay } from "./retry.js";
import { parsed } from "./wire.js";

const OPEN_WITHIN_MS = 10_000;
/** @type {Record<number, string>} */
const WORDS = {
  1000: "closed by the server (idle)", 1003: "closed by the server (1003, binary frame)", 1006: "connection lost", 1008: "closed by the server (1008, too slow)",
  1009: "closed by the server (1009, frame too large)", 1012: "closed by the server (1012)",
};

/**
 * `on.state` gets "live" only with the server's first frame: until then nobody knows which worker holds the socket.
 * @param {string} url
 * @param {{ state: (state: SocketState) => void, frame: (frame: Wire) => void }} on
 * @param {Pick<typeof globalThis, "WebSocket" | "setTimeout" | "clearTimeout"> & { Math: Pick<Math, "random">, Date: Pick<DateConstructor, "now"> }} env
 */
export function openSocket(url, on, env = globalThis) {
  const { WebSocket, setTimeout, clearTimeout, Math: { random }, Date: { now } } = env;
  /** @type {WebSocket | null} */
  let ws = null;
  /** @type {number | undefined} */
  let timer;
  let attempt = 0, live = false, ever = false, liveSince = 0;

  function connect() {
    clearTimeout(timer);
    live = false;
    on.state({ state: "reconnecting", opening: true, at: null, words: ever ? "opening again" : "opening", until: null });
    /** @type {WebSocket} */
    let mine;
    try {
      mine = new WebSocket(url);
    } catch {
      return lost(1006, "");
    }
    ws = mine;
    const late = setTimeout(() => mine.close(), OPEN_WITHIN_MS);
    mine.addEventListener("message", e => {
      const frame = parsed(e.data);
      if (frame) hear(frame, late);
    });
    mine.addEventListener("close", e => {
      clearTimeout(late);
      if (ws === mine) lost(e.code, e.reason);
    });
  }

  /** @type {(frame: Wire, late: number) => void} */
  function hear(frame, late) {
    if (typeof frame.websocket_pid === "string" && !live) {
      clearTimeout(late);
      live = ever = true;
      liveSince = now();
      on.state({ state: "live", opening: false, at: typeof frame.at === "string" ? frame.at : null, words: "live", until: null });
    }
    on.frame(frame);
  }

  /** @type {(code: number, reason: string) => void} */
  function lost(code, reason) {
    const was = live;
    ws = null;
    // Only a socket that stayed open for a while shows that the site is stable again.
    if (was && now() - liveSince >= STABLE_MS) attempt = 0;
    live = false;
    const words = was ? WORDS[code] ?? `closed (${code})` : "couldn't be opened";
    if (was && code === 1000) return on.state({ state: "closed", opening: false, at: null, words, until: null, lost: was });
    const wait = retryDelay(attempt++, hintFrom(code, reason), random);
    timer = setTimeout(connect, wait);
    on.state({ state: "reconnecting", opening: false, at: null, words, until: now() + wait, lost: was });
  }

  connect();
  return {
    /**
     * False where there is no socket to send on.
     * @param {unknown} frame
     */
    send(frame) {
      if (!live || ws?.readyState !== 1) return false;
      ws.send(JSON.stringify(frame));
      return true;
    },
    /** Opens a socket now, because someone wants one. */
    wake() {
      if (!ws) connect();
    },
  };
}
