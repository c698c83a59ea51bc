// Asks one thing of a use case and finds out what became of it. No DOM: fetch and the clock are passed in.
/** @import { CaseOp, Door, Followed, Problem } from "./types.d.ts" */
/** @import { Line } from "./log.js" */
import { actionOf } from "./actions.js";
import { cutId, speakerOf } from "./ids.js";
import { newTraceId, refusal } from "./send.js";
import { parsed } from "./wire.js";
import { hopsFrom, hopsFromHeader, reachedBy } from "./trace.js";

const WITHIN_MS = 15_000;

/**
 * One request. `reached` is the worker that answered, `took` the milliseconds until its answer was read, by the browser's clock.
 * @typedef {Followed & { json: Record<string, unknown>, took: number, stopped: boolean }} Asked
 *
 * What asking needs from the page.
 * @typedef {object} Asking
 * @property {string} clientId
 * @property {string} expose
 * @property {() => { live: boolean, at: string | null }} socket
 * @property {() => Door["affinity"]} affinity
 * @property {(id: string | null) => string | null} resolve
 * @property {(line: Line & { who?: string | null }) => void} log
 * @property {() => void} changed
 * @property {(url: string, options: RequestInit) => Promise<Response>} fetch
 * @property {(bytes: Uint8Array<ArrayBuffer>) => Uint8Array} random
 * @property {() => number} clock in milliseconds
 *
 * @typedef {ReturnType<typeof createAsker>} Ask
 */

/** @param {Asking} env */
export function createAsker(env) {
  /**
   * Asks at once. `after` follows the client id in the path. An answer whose JSON `missed` accepts is a miss. `heard` gets the outcome
   * before anyone else does, may give the request its sentence, and may keep it unfinished for a while.
   * @type {(op: CaseOp, after?: string, more?: { signal?: AbortSignal, missed?: (json: Record<string, unknown>) => boolean, heard?: (m: Asked) => void | Promise<void> }) => Asked}
   */
  return (op, after = "", { signal, missed = () => false, heard = () => {} } = {}) => {
    /** @type {Asked} */
    const m = {
      id: newTraceId(env.random), op, socket: env.socket(), http: null, httpDone: false, cookies: null, affinity: env.affinity(), frame: null, outcome: null, problem: null, finished: false,
      json: {}, reached: null, took: 0, stopped: false, whenFinished: Promise.resolve(),
    };
    m.whenFinished = answer(m, after, signal, missed).then(async () => {
      m.socket = env.socket();
      m.httpDone = true;
      env.changed();
      if (!m.stopped) await heard(m);
      m.finished = true;
      env.changed();
    });
    return m;
  };

  /** @type {(m: Asked, after: string, signal: AbortSignal | undefined, missed: (json: Record<string, unknown>) => boolean) => Promise<void>} */
  async function answer(m, after, signal, missed) {
    const a = actionOf(m.op), get = a.verb === "GET", slow = AbortSignal.timeout(WITHIN_MS), began = env.clock();
    /** @type {Response} */
    let response;
    let body = "";
    try {
      response = await env.fetch(get ? a.route : `${a.route}/${env.clientId}${after}`, {
        method: a.verb ?? "POST", cache: "no-store", credentials: a.cookie ? "same-origin" : "omit", headers: { "X-Sticky-Trace": m.id },
        signal: signal ? AbortSignal.any([signal, slow]) : slow,
      });
      body = await response.text();
    } catch {
      if (signal?.aborted) {
        m.stopped = true;
        return;
      }
      if (slow.aborted) return fail(m, { kind: "no-answer", seconds: WITHIN_MS / 1000 }, `no answer within ${WITHIN_MS / 1000} s`);
      return fail(m, { kind: "network" }, "no answer: the connection failed");
    }
    m.took = env.clock() - began;
    const json = parsed(body);
    if (!json) return fail(m, { kind: "not-json", status: response.status }, `${response.status}, not from the app`);
    m.json = /** @type {Record<string, unknown>} */ (json);
    hear(m, response.headers);
    if (!response.ok || json.error) {
      const { code, words } = refusal(json.error);
      return fail(m, { kind: "refused", status: response.status, code }, cutId(`${response.status} ${words}`.trim(), env.clientId));
    }
    m.outcome = missed(m.json) ? "missed" : "arrived";
    const text = typeof json.text === "string" ? json.text : said(m);
    env.log({ proto: "http", text: cutId(text, env.clientId), who: m.reached, missed: m.outcome === "missed" });
  }

  /**
   * Reads the hops of an answer. A route that traces nothing still names its worker; its two hops then have no time.
   * @type {(m: Asked, headers: Headers) => void}
   */
  function hear(m, headers) {
    const door = hopsFromHeader(headers.get("X-Sticky-Door")), told = hopsFrom(/** @type {any} */ (m.json.trace)?.hops), speaker = speakerIn(m, headers);
    m.http = { hops: told.length ? told : door.length ? door : speaker ? there(speaker) : [], door, speaker };
    m.cookies = Array.isArray(m.json.cookies) ? m.json.cookies.map(String) : null;
    m.reached = env.resolve(reachedBy(m));
  }

  /** @type {(m: Asked, headers: Headers) => string | null} */
  function speakerIn(m, headers) {
    if (env.expose === "off") return null;
    const pod = headers.get("X-Sticky-Pod"), worker = headers.get("X-Sticky-Worker");
    if (pod) return env.resolve(worker === null ? pod : `${pod}:${worker}`);
    return env.resolve(typeof m.json.at === "string" ? m.json.at : speakerOf(String(m.json.text ?? "")));
  }

  /** @type {(m: Asked, problem: Problem, text: string) => void} */
  function fail(m, problem, text) {
    Object.assign(m, { outcome: "missed", problem });
    env.log({ proto: "http", text, who: m.reached, missed: true });
  }
}

/** @type {(speaker: string) => import("./types.d.ts").Hop[]} */
const there = speaker => [
  { from: "door", to: speaker, kind: "post", at_us: null, by: "browser" },
  { from: speaker, to: "door", kind: "answer", at_us: null, by: "browser" },
];

/** @param {Asked} m */
const said = ({ json, reached }) => `[${reached ?? "app"}] ${typeof json.version === "string" ? "version " + json.version : "answered"}`;
