// Why: what each button does in the present state, and after a miss why it missed and which button would have arrived. Pure.
/** @import { CaseOp, Action, Because, Bus, Followed, Op, Shown, State, World } from "./types.d.ts" */
import { actionOf } from "./actions.js";
import { podOf } from "./ids.js";
import { sumOf } from "./tally.js";
import { modeOf } from "./topology.js";
import { lackOf } from "./trace.js";
import { busName } from "./words.js";

const NEXT = "the front door picks the next pod in turn";
const ALLOWED = "Sent with the cookies that the browser has for this site";

/** @type {(world: World, sticky: string) => string} */
function withCookies({ door }, sticky) {
  if (door.affinity === "off") return `${ALLOWED}, but affinity is off: ${NEXT}.`;
  return door.affinity === "cookie" ? `Sent with the cookie, so ${sticky}.` : `${ALLOWED}. This page doesn't know whether the front door goes by them.`;
}

/** @type {(world: World) => string} */
function withoutCookie({ door }) {
  if (door.affinity === "off") return `Sent without cookies. Affinity is off anyway: ${NEXT}.`;
  return door.affinity === "cookie" ? `Sent without the cookie, so ${NEXT}.` : "Sent without cookies, so nothing ties it to a pod.";
}

/** @type {(bus: Bus) => string} */
const delivered = bus => (bus.fanout === "broadcast" ? "Every worker receives it, and the one that holds your socket delivers it" : "The worker that holds your socket subscribes to your messages and delivers it");

/** @type {(world: World) => string} */
function insidePod(world) {
  const { workers, mixed } = modeOf(world);
  if (workers === null || mixed || world.door.affinity !== "cookie") return "A cookie can select a pod, but no worker inside it.";
  return workers > 1 ? `The cookie selects the pod, but none of the pod's ${workers} workers.` : "Each pod has one worker, so the same worker answers.";
}

/** @type {(world: World) => string} */
function memoryOf(world) {
  const { workers, mixed } = modeOf(world);
  if (world.door.affinity !== "cookie") return "If the worker that gets it doesn't hold your socket, there is nothing to write to: a miss.";
  if (workers === null || mixed) return "With one worker per pod it arrives. With several it often reaches the wrong worker.";
  return workers > 1 ? `It is the right pod, but often the wrong one of its ${workers} workers.` : "Each pod has one worker, so it arrives.";
}

/**
 * What a button does now.
 * @type {(op: Op, state: Pick<State, "world" | "busAway" | "socket">) => string}
 */
export function explain(op, { world, busAway, socket }) {
  switch (op) {
    case "http-rr": return withoutCookie(world) + " The answer comes back on the same connection, so any pod can give it.";
    case "http-sticky": return withCookies(world, "the front door keeps you on one pod") + (world.door.affinity === "off" ? " Any pod can answer." : " " + insidePod(world));
    case "ws": return socket.state === "live" || socket.opening ? "Sent over your open socket to the worker that holds it, and answered on the same socket. Nothing has to be routed, so it always arrives."
      : "Sent over your open socket to the worker that holds it, and answered on the same socket. Right now you have no socket.";
    case "queue": return busAway ? `Sent without cookies to any worker, which should publish it. Right now the workers can't reach ${busName(world.bus)}: a miss.`
      : `Sent without cookies to any worker, which publishes it on ${busName(world.bus)}. ${delivered(world.bus)}, so it arrives no matter which worker got the request.`;
    case "mem-rr": return withoutCookie(world) + " The worker that gets it can only write to sockets in its own memory. If another worker holds your socket, there is nothing to write to: a miss.";
    case "mem-sticky": return `${withCookies(world, "it reaches the pod that holds your socket")} ${memoryOf(world)}`;
  }
}

/**
 * A miss, or the misses among twenty. `cookies`: whether any went along, null if no answer tells; `near`: it reached the socket's own pod.
 * @typedef {{ op: Op | CaseOp, lack: "socket" | "listener" | "place" | "bus", cookies: boolean | null, affinity: Followed["affinity"], near: boolean, answered: boolean, many: boolean }} Miss
 */

/** @type {(m: Followed) => Miss | null} */
function missOf(m) {
  const lack = lackOf(m);
  if (!lack) return null;
  return { op: m.op, lack, cookies: m.cookies && m.cookies.length > 0, affinity: m.affinity, near: samePod(m.reached, m.socket.at), answered: m.http !== null, many: false };
}

/** @type {(w: string | null, at: string | null) => boolean} */
const samePod = (w, at) => w !== null && at !== null && podOf(w) === podOf(at);

/** @type {(shown: Shown) => Miss | null} */
function missShown(shown) {
  // A use case says itself what became of its requests.
  if (shown.kind === "trace" ? shown.m.said : shown.kind === "burst" && shown.said) return null;
  if (shown.kind === "trace") return shown.m.finished && shown.done >= shown.hops.length ? missOf(shown.m) : null;
  if (shown.kind !== "burst" || !shown.done) return null;
  const { op, n, missed, unpublished, unheard, socketless, cookies, affinity, socketAt } = shown;
  const lack = socketless ? "socket" : sumOf(unpublished) ? "bus" : sumOf(unheard) ? "listener" : sumOf(missed) ? "place" : null;
  const known = cookies.some === n ? true : cookies.none === n ? false : null;
  return lack && { op, lack, cookies: known, affinity, near: Object.keys(missed).every(w => samePod(w, socketAt)), answered: cookies.some + cookies.none > 0, many: true };
}

/** @type {(a: Action, cookies: boolean) => string} */
const wentAlong = (a, cookies) => (cookies ? "A cookie went along" : a.cookie ? "The browser had no cookie to send" : "No cookie went along");

/** @type {(world: World, miss: Miss) => string} */
function whyThere({ door, pods }, { op, cookies, affinity, near, many }) {
  const a = actionOf(op), one = pods.filter(p => p.state !== "draining").length === 1;
  // Here a pod hands its connections to its workers; elsewhere workers listen on one port.
  const worker = door.kind === "local" ? "its workers take turns" : many ? "the kernel chose the worker each time" : "the kernel chose the worker";
  const next = many ? "the front door took the pods in turn" : "the front door took the next pod";
  if (near && cookies && affinity === "cookie") return `The cookie chose the pod; ${worker}.`;
  if (near && one) return `There is only one pod; ${worker}.`;
  if (affinity === "off") return cookies ? `A cookie went along, but affinity is off: ${next}.` : `Affinity is off, so ${next}.`;
  if (cookies === null) return "";
  if (cookies) return many ? "A cookie went along, but it doesn't lead to your socket's worker." : near ? `It reached your socket's pod; ${worker}.` : "A cookie went along, but it led to another pod than your socket's.";
  if (affinity === "unknown" || !pods.length) return `${wentAlong(a, cookies)}, so nothing tied ${many ? "them" : "it"} to your socket's worker.`;
  return near ? `${wentAlong(a, cookies)}: ${next}, and ${worker}.` : `${wentAlong(a, cookies)}, so ${next}.`;
}

/** @type {(state: State, miss: Miss) => Op | null} */
function instead(state, { op, answered }) {
  const { world, socket, busAway, cookieTo, http } = state;
  if (socket.state !== "live") return http ?? answered ? "http-rr" : null;
  const home = world.door.affinity === "cookie" && modeOf(world).workers === 1 && cookieTo !== null && samePod(cookieTo, socket.at);
  if (home && op !== "mem-sticky") return "mem-sticky";
  return busAway || op === "queue" ? "ws" : "queue";
}

/**
 * Why the message on the map missed; null where no button would have changed that.
 * @param {State} state
 * @returns {Because | null}
 */
export function because(state) {
  const miss = missShown(state.shown);
  if (!miss) return null;
  const op = instead(state, miss), reason = miss.lack === "place" ? whyThere(state.world, miss) : miss.lack === "listener" ? "No worker had subscribed to your messages." : "";
  const words = op === "http-rr" ? "needs no socket." : miss.lack === "socket" ? "would arrive now." : "would have arrived.";
  return reason || op ? { reason, op, words, many: miss.many } : null;
}
