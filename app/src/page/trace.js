// The path of one message, put together from what servers reported. Pure.
// A message has two halves that come in any order: m.http (the answer to its POST) and m.frame (the frame on the socket).
/** @import { Action, Followed, Hop, HopKind, Lack } from "./types.d.ts" */
import { actionOf } from "./actions.js";

const KINDS = new Set(["post", "answer", "frame", "push", "publish", "deliver", "miss"]);
/** @param {unknown} x */
const END = x => typeof x === "string" && x.length > 0 && x.length < 300;
/** @type {(h: any) => boolean} */
const isHop = h => h && KINDS.has(h.kind) && END(h.from) && (h.to === null || END(h.to)) && END(h.by);

/**
 * The hops in a server's report; what isn't a hop is left out.
 * @param {unknown} list
 * @returns {Hop[]}
 */
export function hopsFrom(list) {
  if (!Array.isArray(list)) return [];
  return list.filter(isHop).map(({ from, to, kind, at_us, by }) => ({ from, to, kind, at_us: Number.isFinite(at_us) ? at_us : null, by }));
}

/**
 * The front door's own report, a header. One that can't be read counts as missing: those hops then have no time.
 * @param {string | null} text
 */
export function hopsFromHeader(text) {
  try {
    return hopsFrom(JSON.parse(text ?? "[]"));
  } catch {
    return [];
  }
}

/**
 * Drops the times that say nothing. at_us counts from when `by` first saw this message, so only its later hops have a meaningful time,
 * and one that runs backwards comes from another count.
 * @param {Hop[]} hops
 * @returns {Hop[]}
 */
function keepTimes(hops) {
  const seen = new Map();
  return hops.map(h => {
    const before = seen.get(h.by);
    if (h.at_us !== null) seen.set(h.by, h.at_us);
    return { ...h, at_us: before !== undefined && h.at_us !== null && h.at_us >= before ? h.at_us : null };
  });
}

/** @type {(a: Hop, b: Hop) => boolean} */
const same = (a, b) => a.from === b.from && a.to === b.to && a.kind === b.kind;
/** @type {(from: string, to: string, kind: HopKind) => Hop} */
const own = (from, to, kind) => ({ from, to, kind, at_us: null, by: "browser" });

/** @param {Followed} m */
const unpublished = ({ problem }) => problem?.kind === "refused" && (problem.code === "relay-unavailable" || problem.code === "relay-unknown");

/**
 * A refusal has no trace, but its headers name the worker, and its code says whether that one tried to publish.
 * @param {Followed} m
 * @returns {Hop[]}
 */
function refusedHops(m) {
  const w = m.http?.speaker;
  if (!w || m.problem?.kind !== "refused") return [];
  /** @type {(from: string, to: string | null, kind: HopKind) => Hop} */
  const hop = (from, to, kind) => ({ from, to, kind, at_us: null, by: w });
  return [hop("door", w, "post"), ...(unpublished(m) ? [hop(w, null, "publish")] : []), hop(w, "door", "answer")];
}

/** @type {(a: Action, refused: boolean, hops: Hop[], door: Hop[]) => Hop[]} */
function httpHalf(a, refused, hops, door) {
  const said = hops.map(h => door.find(d => same(d, h)) ?? h), out = [];
  // Where the reply comes on the socket, the HTTP answer only confirms receipt. It is drawn for a miss alone.
  const answered = refused || a.back === "http" || (said.some(h => h.kind === "miss") && !said.some(h => h.kind === "publish"));
  for (const h of said) {
    if (h.kind === "answer" && !answered) continue;
    if (h.kind === "post" && h.from === "door") out.push(own("browser", "door", "post"));
    out.push(h);
    if (h.kind === "answer" && h.to === "door") out.push(own("door", "browser", "answer"));
  }
  return out;
}

/** @type {(hops: Hop[]) => Hop[]} */
function frameHalf(hops) {
  const out = [];
  for (const h of hops) {
    if (h.kind === "frame" && h.from === "door") out.push(own("browser", "door", "frame"));
    out.push(h);
    if (h.kind === "push" && h.to === "door") out.push(own("door", "browser", "push"));
  }
  return out;
}

/**
 * The hops that may be drawn by now, in order. More may be appended later, but none changes place: a frame that overtakes its POST's
 * answer waits for it, unless that answer can't come any more.
 * @param {Followed} m
 */
export function joined(m) {
  const a = actionOf(m.op), refused = refusedHops(m), http = m.http?.hops.length ? m.http.hops : refused, frame = m.frame?.hops ?? [];
  if (a.out === "http" && !m.http && !m.httpDone) return [];
  const told = keepTimes([...http, ...frame]), door = keepTimes(m.http?.door ?? []);
  return [...httpHalf(a, refused.length > 0, told.slice(0, http.length), door), ...frameHalf(told.slice(http.length))];
}

/** @param {Hop[]} hops */
const into = hops => hops.find(h => (h.kind === "post" || h.kind === "frame") && h.to !== "door");

/**
 * The worker that got the message: from its trace, else from the headers or the text of the answer.
 * @param {Followed} m
 */
export function reachedBy(m) {
  const hop = into(m.http?.hops ?? []) ?? (actionOf(m.op).out === "ws" ? into(m.frame?.hops ?? []) : null);
  return hop?.to ?? m.http?.speaker ?? (actionOf(m.op).out === "ws" ? m.frame?.speaker : null) ?? null;
}

/**
 * The worker that wrote to the socket.
 * @param {Followed} m
 */
export const writtenBy = m => m.frame?.hops.find(h => h.kind === "push")?.from ?? m.frame?.speaker ?? null;

/**
 * What a missed message lacked.
 * @param {Followed} m
 * @returns {Lack}
 */
export function lackOf(m) {
  if (m.outcome !== "missed") return null;
  if (m.problem) return m.problem.kind === "no-socket" || m.problem.kind === "socket-closed" ? "socket" : unpublished(m) ? "bus" : null;
  if (actionOf(m.op).miss) return "place";
  return !m.socket.live ? "socket" : actionOf(m.op).bus ? "listener" : "place";
}
