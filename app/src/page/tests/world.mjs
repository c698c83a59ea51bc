// Worlds and messages as servers would report them, for the tests.
import { actionOf } from "../actions.js";
import { NOWHERE, worldOf } from "../topology.js";
import { hopsFrom, joined } from "../trace.js";

export const wire = (pods, more = {}) => ({ door: { kind: "local", affinity: "cookie", issuer: "proxy" }, bus: { kind: "redis", fanout: "directed", state: "ok" }, pods, ...more });
export const pod = (name, workers, more = {}) => ({ pod: name, state: "ready", workers: Array.from({ length: workers }, (_, worker) => ({ worker, state: "ready", sockets: 0, ignored: 0 })), ...more });
export const grid = (pods, workers) => worldOf(NOWHERE, wire(Array.from({ length: pods }, (_, i) => pod("app-" + (i + 1), workers))), 0);

const hop = (from, to, kind, at_us, by) => ({ from, to, kind, at_us, by });
const post = w => hop("door", w, "post", 0, w), answer = w => hop(w, "door", "answer", 55, w);

// What the app reports, by button: `got` is the worker reached, `holder` the one with the socket.
export function said(op, got, holder) {
  if (op.startsWith("http")) return { http: [post(got), answer(got)] };
  if (op === "ws") return { frame: [hop("door", holder, "frame", 0, holder), hop(holder, "door", "push", 12, holder)] };
  if (op === "queue") return { http: [post(got), hop(got, "bus", "publish", 90, got), ...(holder ? [] : [hop("bus", null, "miss", 95, got)]), answer(got)], frame: holder && [hop("bus", holder, "deliver", 0, holder), hop(holder, "door", "push", 31, holder)] };
  if (got === holder) return { http: [post(got), answer(got)], frame: [hop(got, "door", "push", 40, got)] };
  return { http: [post(got), hop(got, null, "miss", 22, got), answer(got)] };
}

export const door = w => [hop("door", w, "post", 41, "door"), hop(w, "door", "answer", 900, "door")];

export function message(op, got, holder, more = {}) {
  const s = said(op, got, holder), missed = (s.http ?? []).some(h => h.kind === "miss");
  return {
    id: "m1", op, outcome: missed ? "missed" : "arrived", problem: null, finished: true, httpDone: true, reached: got ?? holder ?? null, affinity: "cookie",
    cookies: op === "ws" ? null : actionOf(op).cookie ? ["c"] : [], socket: { live: Boolean(holder), at: holder ?? null },
    http: s.http ? { hops: hopsFrom(s.http), door: [], speaker: null } : null, frame: s.frame ? { hops: hopsFrom(s.frame), speaker: null } : null, ...more,
  };
}

export function scene(world, m, at, more = {}) {
  const hops = m ? joined(m) : [];
  return {
    expose: "full", now: 0, world, busAway: false, cookieTo: null, was: null, view: { w: 778, h: 440, tall: false }, session: { id6: "k7q3mz", pageBy: at },
    socket: { state: at ? "live" : "reconnecting", opening: false, at: at ?? null, words: "live", until: null }, http: null,
    shown: m ? { kind: "trace", m, hops, done: hops.length, drops: [] } : { kind: "idle" }, ...more,
  };
}

export const plain = tokens => tokens.map(t => (typeof t === "string" ? t : t.id ?? t.end)).join("");
