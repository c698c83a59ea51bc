// What the page says about a message: one sentence, and a ledger of its steps. Pure.
/** @import { Bus, Counts, Followed, Hop, HopKind, Problem, ShownBurst, State, Step, Token } from "./types.d.ts" */
import { actionOf } from "./actions.js";
import { podOf } from "./ids.js";
import { sumOf } from "./tally.js";
import { reachedBy, writtenBy } from "./trace.js";

/** More workers than this are counted by pod. */
const LIST = 8;
/** @type {(x: string) => Token} */
const id = x => ({ id: x });
const ARRIVED = { end: "arrived" }, MISSED = { end: "missed", miss: true };
/** @param {Pick<Bus, "kind">} bus */
export const busName = bus => (bus.kind === "redis" ? "Redis" : bus.kind === "memory" ? "the memory bus" : "the bus");

/**
 * @param {State} state
 * @returns {Token[]}
 */
export function caption(state) {
  const s = state.shown;
  if (s.kind === "burst") return s.said ?? (s.done ? burst(s, state.world.bus) : ["Sending " + s.n + "."]);
  if (s.kind === "trace") return s.m.finished && s.done >= s.hops.length ? one(s.m, state.world.bus) : ["On its way."];
  return idle(state);
}

/**
 * Whether neither the socket nor HTTP gets an answer.
 * @param {Pick<State, "socket" | "http">} state
 */
export const gone = ({ socket, http }) => socket.state !== "live" && http === false;

/** @type {(state: State) => Token[]} */
function idle(state) {
  const { socket, expose, http, was, world } = state;
  if (gone(state)) return [...(was ? ["Your socket was on ", id(was), ". "] : []), "Nothing answers any more", world.pods.length ? "; the map shows what was there last." : "."];
  if (socket.opening) return ["Opening your socket."];
  if (socket.state !== "live") return ["Your socket is closed. ", socket.state === "closed" ? "The next press opens a new one" : "The page will open a new one", http ? "; HTTP still works." : "."];
  if (expose === "off" || !socket.at) return ["Your socket is open. Press a button and read what comes back."];
  return ["Your socket is on ", id(socket.at), ". Press a button and watch where the message goes."];
}

/** @param {Followed} m */
export function sent(m) {
  const { out, cookie, verb = "POST" } = actionOf(m.op);
  if (out === "ws") return "Frame";
  if (!m.cookies) return verb;
  return m.cookies.length ? `${verb} with the cookie` : cookie ? `${verb} without a cookie` : verb;
}
/** @type {(m: Followed, w: string | null) => Token[]} */
const reached = (m, w) => (w ? [sent(m) + " reached ", id(w)] : [sent(m) + " reached a worker"]);

/** @type {(m: Followed, bus: Pick<Bus, "kind">) => Token[]} */
function one(m, bus) {
  if (m.said) return m.said;
  if (m.outcome === "arrived") return [...arrived(m), ": ", ARRIVED, "."];
  return [...(m.problem ? trouble(m, m.problem, reachedBy(m), busName(bus)) : missed(m, reachedBy(m))), ": ", MISSED, "."];
}

/** @type {(m: Followed) => Token[]} */
function arrived(m) {
  const a = actionOf(m.op), w = reachedBy(m), by = writtenBy(m);
  if (a.out === "ws") return w ? ["Frame went over your socket to ", id(w), ", which answered on the same socket"] : ["Frame went over your socket and the answer came back on it"];
  if (a.back === "http") return [...reached(m, w), "; the answer came back on the same connection"];
  if (!m.http) return by ? ["The POST's own answer was lost, but ", id(by), " wrote to your socket"] : ["The POST's own answer was lost, but the reply came on your socket"];
  if (a.bus) return [...reached(m, w), ", which published it; ", by ? id(by) : "the worker with your socket", " received it and wrote to your socket"];
  return [...reached(m, w), ", which holds your socket and wrote to it"];
}

/** @type {(m: Followed, w: string | null) => Token[]} */
function missed(m, w) {
  if (actionOf(m.op).bus) return [...reached(m, w), ", which published it; no worker holds your socket right now"];
  if (!m.socket.live) return [...reached(m, w), "; you have no socket right now; nothing to deliver to"];
  if (!w || !m.socket.at) return [...reached(m, w), w ? ", which doesn't hold your socket" : " that doesn't hold your socket", "; nothing to deliver to"];
  // Where workers are not named, a miss on the socket's own pod can only be another of its workers.
  const near = podOf(w) === podOf(m.socket.at) && (w !== m.socket.at || !w.includes(":"));
  return [...reached(m, w), near ? ", the right pod but the wrong worker" : "", "; your socket is on ", id(m.socket.at), "; nothing to deliver to"];
}

/** @type {(m: Followed, problem: Problem, w: string | null, bus: string) => Token[]} */
export function trouble(m, problem, w, bus) {
  const a = actionOf(m.op);
  switch (problem.kind) {
    case "no-socket": return ["You have no socket right now, so nothing was sent"];
    case "socket-closed": return ["Frame went over your socket", ...(m.socket.at ? [" to ", id(m.socket.at)] : []), "; the socket closed before the answer arrived"];
    case "no-answer": {
      const waited = `; no answer within ${problem.seconds} s`;
      if (a.out === "ws") return ["Frame went over your socket", waited];
      return m.http ? [...reached(m, w), a.bus ? ", which published it" : ", which wrote to your socket", waited] : [sent(m) + " was sent", waited];
    }
    case "network": return [sent(m) + " got no answer because the connection failed"];
    case "not-json": return [`${sent(m)} was answered with ${problem.status} by something other than the app`];
    case "refused": return [...(w ? reached(m, w) : [sent(m) + " was refused"]), w ? ", which " : ": the app ", refusedBecause(problem, bus)];
  }
}

/** BUS is its name. @type {Record<string, string>} */
const REFUSALS = {
  "relay-unavailable": "can't reach BUS, so it published nothing",
  "relay-unknown": "got no answer from BUS and can't know whether it was published",
  busy: "is too busy right now",
  "too-large": "rejected it as too large",
  "too-many-sessions": "accepts no more new sessions from your address for now",
  "too-many-sockets": "accepts no more sockets for now",
  "foreign-origin": "does not accept requests from this origin",
  "foreign-host": "does not serve this host name",
  timeout: "timed out waiting for the rest of it",
};

/** @type {(problem: { code?: string, status?: number }, bus: string) => string} */
function refusedBecause({ code = "", status }, bus) {
  const words = REFUSALS[code]?.replace("BUS", bus);
  return words ? words + (status ? ` (${status})` : "") : `answered with ${status ?? "an error"}`;
}

/**
 * Counts by worker, or by pod where the list would be too long to read.
 * @param {Counts} reached
 */
export function places(reached) {
  if (Object.keys(reached).length <= LIST) return reached;
  /** @type {Counts} */
  const pods = {};
  for (const [w, n] of Object.entries(reached)) pods[podOf(w)] = (pods[podOf(w)] ?? 0) + n;
  return pods;
}

/**
 * What went along with all of them, where answers tell it of each.
 * @param {ShownBurst} s
 */
function posts({ n, cookies: { some, none } }) {
  if (some === n) return " POSTs with the cookie";
  if (none === n) return " POSTs without a cookie";
  return some ? ` POSTs, ${some} with the cookie,` : " POSTs";
}

/**
 * The workers reached, or the pods, each with its number of messages; only how many pods where even those are too many to read.
 * @param {Counts} reached
 * @returns {Token[]}
 */
function named(reached) {
  const list = Object.entries(places(reached)).sort((x, y) => x[0].localeCompare(y[0], "en", { numeric: true }));
  if (list.length > LIST) return [`${list.length} pods`];
  return list.flatMap(([w, n], i) => [i ? (i === list.length - 1 ? " and " : ", ") : "", id(w), " " + n]);
}

/** @type {(s: ShownBurst, bus: Pick<Bus, "kind">) => Token[]} */
function after(s, bus) {
  const a = actionOf(s.op), held = sumOf(s.unpublished);
  if (held) return [`; ${held === s.n ? "nothing could" : `${held} could not`} be published because the workers can't reach ${busName(bus)}`];
  if (a.back === "http") return ["; each answer came back on its own connection"];
  return a.out === "ws" ? [", which holds your socket"] : s.socketAt ? ["; your socket is on ", id(s.socketAt)] : [];
}

/** @type {(s: ShownBurst, bus: Pick<Bus, "kind">) => Token[]} */
function burst(s, bus) {
  const what = s.n + (actionOf(s.op).out === "ws" ? " frames" : posts(s)), known = sumOf(s.reached), lost = s.n - known;
  const start = known ? [what + " reached ", ...named(s.reached), ...(lost ? [`; ${lost} reached no worker`] : []), ...after(s, bus)] : [what + (s.named ? " reached no worker" : " sent")];
  const ends = [...(s.arrived ? [{ end: s.arrived + " arrived" }] : []), ...(s.n - s.arrived ? [{ end: (s.n - s.arrived) + " missed", miss: true }] : [])];
  return [...start, ": ", ...ends.flatMap((end, i) => (i ? [", ", end] : [end])), "."];
}

/**
 * Consecutive hops of one kind are one step: browser -> front door -> worker is step 1. `hops` are their places in the list.
 * @param {Hop[]} hops
 */
export function steps(hops) {
  /** @type {{ kind: HopKind, hops: number[] }[]} */
  const out = [];
  hops.forEach((h, i) => {
    const last = out[out.length - 1];
    if (last && last.kind === h.kind) last.hops.push(i);
    else out.push({ kind: h.kind, hops: [i] });
  });
  return out;
}

/** @param {Hop} h */
const target = h => (h.to === "door" ? "the front door" : h.to ?? "");
/** @param {Pick<Followed, "cookies">} m */
const cookieWords = ({ cookies }) => (cookies ? (cookies.length ? ", cookie sent," : ", no cookie,") : "");
/** @type {Record<HopKind, (h: Hop, m: Followed, bus: Pick<Bus, "kind">) => [text: string, bold: string]>} */
const STEPS = {
  post: (h, m) => [`${actionOf(m.op).verb ?? "POST"}${cookieWords(m)} to `, target(h)],
  frame: h => ["frame to ", target(h)],
  miss: (h, m) => (h.from === "bus" ? ["no subscriber for ", "your session"] : [actionOf(m.op).miss?.step ?? "your socket isn't on ", h.from]),
  answer: () => ["HTTP answer to the ", "browser"],
  publish: (h, m, bus) => [h.to ? "published to " : m.problem?.kind === "refused" && m.problem.code === "relay-unknown" ? "no answer from " : "no connection to ", busName(bus)],
  deliver: h => ["received by ", target(h)],
  push: () => ["written to your ", "socket"],
};

/** @param {number} us */
const milliseconds = us => (us < 10 ? "under 0.01 ms" : (us / 1000).toFixed(2) + " ms");

/**
 * Steps whose last hop is among the first `done`. A step's time is the last that one clock can tell; a clock that isn't the worker that
 * the step names is named as well.
 * @param {Followed} m
 * @param {Hop[]} hops
 * @param {Pick<Bus, "kind">} bus
 * @returns {Step[]}
 */
export function ledger(m, hops, bus, done = hops.length) {
  return steps(hops).filter(s => s.hops[s.hops.length - 1] < done).map(s => {
    const own = s.hops.map(i => hops[i]), last = own[own.length - 1], timed = own.findLast(h => h.at_us !== null);
    const [text, bold] = STEPS[s.kind](last, m, bus);
    if (!timed || timed.at_us === null) return { text, bold, ms: null, clock: null };
    return { text, bold, ms: milliseconds(timed.at_us), clock: timed.by === bold ? null : timed.by === "door" ? "front door" : timed.by };
  });
}

/**
 * @param {string[]} ids
 * @returns {Step}
 */
export const dropped = ids => ({ text: "received and dropped by ", bold: ids.length > 1 ? ids.length + " others" : ids[0] });
