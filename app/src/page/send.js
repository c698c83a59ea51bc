// Sends a message and finds out what became of it. No DOM: fetch, the socket and the clock are passed in.
/** @import { Door, Message, Op, Problem, Scores, Wire } from "./types.d.ts" */
/** @import { Line } from "./log.js" */
import { actionOf } from "./actions.js";
import { cutId, speakerOf } from "./ids.js";
import { hopsFrom, hopsFromHeader, reachedBy } from "./trace.js";
import { countWorker } from "./tally.js";
import { parsed } from "./wire.js";

const REPLY_MS = 5_000, ANSWER_MS = 15_000;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * What the sender needs from the page.
 * @typedef {object} Env
 * @property {string} clientId
 * @property {string} expose
 * @property {() => Scores} scores
 * @property {() => { live: boolean, at: string | null }} socket
 * @property {() => Door["affinity"]} affinity
 * @property {(frame: object) => boolean} sendFrame false without a socket
 * @property {(id: string | null) => string | null} resolve
 * @property {(line: Line & { who?: string | null }) => void} log
 * @property {(m: Message) => void} changed
 * @property {(url: string, options: RequestInit) => Promise<Response>} fetch
 * @property {(bytes: Uint8Array<ArrayBuffer>) => Uint8Array} random
 * @property {(f: () => void, ms: number) => number} setTimeout
 * @property {(timer: number | null) => void} clearTimeout
 *
 * @typedef {ReturnType<typeof createSender>} Sender
 */

/**
 * Thirty-two letters, so a byte's low five bits choose one without bias.
 * @param {Env["random"]} random
 */
export const newTraceId = random => Array.from(random(new Uint8Array(16)), b => ALPHABET[b & 31]).join("");

/** @param {Env} env */
export function createSender(env) {
  /** @type {Map<string, Message>} */
  const pending = new Map();

  /** @type {(op: Op, text: string) => Message} */
  function send(op, text) {
    const score = env.scores()[op], finished = promise(), answer = promise();
    /** @type {Message} */
    const m = {
      id: newTraceId(env.random), op, text, score, socket: env.socket(), timer: null, http: null, httpDone: false, cookies: null, affinity: env.affinity(), frame: null,
      outcome: null, problem: null, finished: false, reached: null,
      whenFinished: finished.kept, tellFinished: finished.keep, whenAnswered: answer.kept, tellAnswered: answer.keep,
    };
    score.sent++;
    pending.set(m.id, m);
    env.changed(m);
    if (actionOf(op).out === "ws") sendFrame(m);
    else post(m);
    return m;
  }

  /** @param {Message} m */
  function sendFrame(m) {
    answered(m);
    if (env.sendFrame({ text: m.text, op: "echo", trace: m.id, idempotency_key: m.id })) return waitForReply(m);
    env.log({ proto: "note", text: "no socket, so nothing was sent", missed: true });
    decide(m, "missed", { kind: "no-socket" });
  }

  /** @param {Message} m */
  function waitForReply(m) {
    if (m.outcome) return;
    m.timer = env.setTimeout(() => {
      env.log({ proto: "note", text: `no answer within ${REPLY_MS / 1000} s`, missed: true });
      decide(m, "missed", { kind: "no-answer", seconds: REPLY_MS / 1000 });
    }, REPLY_MS);
  }

  /** @param {Message} m */
  async function post(m) {
    const a = actionOf(m.op);
    /** @type {Response} */
    let response;
    let body = "";
    try {
      response = await env.fetch(`${a.route}/${env.clientId}`, {
        method: "POST", cache: "no-store", credentials: a.cookie ? "same-origin" : "omit", signal: AbortSignal.timeout(ANSWER_MS),
        headers: { "Content-Type": "application/json", "X-Sticky-Trace": m.id, "Idempotency-Key": m.id }, body: JSON.stringify({ text: m.text, op: "echo" }),
      });
      body = await response.text();
    } catch (e) {
      const slow = e instanceof DOMException && e.name === "TimeoutError";
      return fail(m, slow ? { kind: "no-answer", seconds: ANSWER_MS / 1000 } : { kind: "network" }, slow ? `no answer within ${ANSWER_MS / 1000} s` : "no answer: the connection failed");
    }
    read(m, response, body);
  }

  /** @type {(m: Message, problem: Problem, text: string, who?: string | null) => void} */
  function fail(m, problem, text, who = null) {
    const missed = !m.outcome;
    env.log({ proto: "http", text, who, missed });
    decide(m, "missed", problem);
    answered(m);
  }

  /** @type {(m: Message, response: Response, body: string) => void} */
  function read(m, response, body) {
    const json = parsed(body), who = speaker(response.headers, json);
    if (!json) return fail(m, { kind: "not-json", status: response.status }, `${response.status}, not from the app`);
    m.http = { hops: hopsFrom(json.trace?.hops), door: hopsFromHeader(response.headers.get("X-Sticky-Door")), speaker: who };
    m.cookies = Array.isArray(json.cookies) ? json.cookies.filter(name => typeof name === "string") : null;
    if (!response.ok) {
      const { code, words } = refusal(json.error);
      return fail(m, { kind: "refused", status: response.status, code }, cutId(`${response.status} ${words}`.trim(), env.clientId), who);
    }
    const a = actionOf(m.op), nobody = a.back === "ws" && (a.bus ? json.receivers : json.delivered) === 0;
    env.log({ proto: "http", text: cutId(String(json.text ?? ""), env.clientId), who: reachedBy(m), missed: nobody && !m.outcome });
    if (a.back === "http") decide(m, "arrived");
    else if (nobody) decide(m, "missed");
    else waitForReply(m);
    answered(m);
  }

  /** @type {(headers: Headers, json: Wire | null) => string | null} */
  function speaker(headers, json) {
    if (env.expose === "off") return null;
    const pod = headers.get("X-Sticky-Pod"), worker = headers.get("X-Sticky-Worker");
    return env.resolve(pod ? (worker === null ? pod : `${pod}:${worker}`) : speakerOf(String(json?.text ?? "")));
  }

  /**
   * A text frame. Its key names the message that it answers; one without a key answers a message of another program.
   * @param {Wire} frame
   */
  function heard(frame) {
    const text = String(frame.text), who = env.expose === "off" ? null : env.resolve(speakerOf(text));
    env.log({ proto: "ws", text: cutId(text, env.clientId), who });
    const m = pending.get(String(frame.idempotency_key));
    if (!m || m.outcome || actionOf(m.op).back !== "ws") return;
    m.frame = { hops: hopsFrom(frame.trace?.hops), speaker: who };
    decide(m, "arrived");
  }

  /**
   * An error frame names no message. Answers on one socket keep their order, so it belongs to the oldest frame.
   * @param {Wire["error"]} error
   */
  function refusedFrame(error) {
    const { code, words } = refusal(error);
    const m = [...pending.values()].find(x => actionOf(x.op).out === "ws" && !x.outcome);
    env.log({ proto: "ws", text: cutId(words, env.clientId), missed: Boolean(m) });
    if (m) decide(m, "missed", { kind: "refused", code });
  }

  /** Frames sent over a socket that closed can't be answered any more; a POST's reply can still find the next socket. */
  function socketLost() {
    for (const m of [...pending.values()]) {
      if (actionOf(m.op).out !== "ws" || m.outcome) continue;
      env.log({ proto: "note", text: "the socket closed before the answer arrived", missed: true });
      decide(m, "missed", { kind: "socket-closed" });
    }
  }

  /** @type {(m: Message, outcome: "arrived" | "missed", problem?: Problem | null) => void} */
  function decide(m, outcome, problem = null) {
    if (m.outcome) return;
    env.clearTimeout(m.timer);
    // The socket at the time that counts: for a frame, when it was sent.
    if (actionOf(m.op).out !== "ws") m.socket = env.socket();
    Object.assign(m, { outcome, problem });
    m.score[outcome]++;
    finish(m);
  }

  /** @param {Message} m */
  function answered(m) {
    m.httpDone = true;
    m.tellAnswered();
    finish(m);
  }

  /** @param {Message} m */
  function finish(m) {
    if (m.outcome && m.httpDone && !m.finished) {
      m.finished = true;
      m.reached = env.resolve(reachedBy(m));
      countWorker(m.score.by, m.reached);
      pending.delete(m.id);
      m.tellFinished();
    }
    env.changed(m);
  }

  return { send, heard, refusedFrame, socketLost, busy: () => pending.size };
}

/** A promise and what keeps it. */
function promise() {
  let keep = () => {};
  /** @type {Promise<void>} */
  const kept = new Promise(done => { keep = done; });
  return { kept, keep };
}

/** @param {Wire["error"]} error */
export function refusal(error) {
  const [code, message] = [error?.code, error?.message].map(x => (typeof x === "string" ? x : undefined));
  return { code, words: [code, message].filter(x => x !== undefined).join(": ") };
}
