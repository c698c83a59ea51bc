// Starts the page and wires its parts: what servers report goes into one state, and the state is painted.
//
// Hooks for tests, kept in step with what is shown:
//   body                data-socket="live|reconnecting|closed", data-busy = messages not yet settled
//                       (including those that a "send 20" has yet to send; 0 once its caption is final), data-mode = "3x1"
//   li.act[data-op]     http-rr http-sticky ws queue mem-rr mem-sticky; data-sent, data-arrived, data-missed,
//                       data-by = JSON {worker: messages that reached it}; buttons .send .many .why
//   #map svg            [data-pod][data-state][data-slot] a pod, [data-worker="app-1:0"][data-state] a worker,
//                       [data-more="N"] a box for N workers without their own, [data-socket="app-1:0"] the socket's cord,
//                       [data-hop="from>to:kind"] a hop ("app-1:0>:miss" a miss, "bus>app-2:0:ignore" a drop),
//                       [data-fold="48"] the box for 48 pods without a row, with data-reached and data-missed, and [role=button] over it,
//                       [data-node="browser|door|bus"], the door with data-affinity, the bus with data-state
//   #controls            the strip of controls: data-settled = whether no change is under way
//   #caption, #ledger, #log li.is-https, li.is-wss, li.is-note
// Scores are reset when the number of workers per pod changes (3x1 to 1x4), never by scaling or restarts;
// messages still under way at that moment count for the old scores.
/** @import { Message, Op, Shown, SocketState, State, Wire, WireTopology } from "./types.d.ts" */
import { ACTIONS } from "./actions.js";
import { createAsker } from "./case-ask.js";
import { createCases } from "./cases.js";
import { $, calm, definePatterns } from "./dom.js";
import { cutId, podOf, shortId } from "./ids.js";
import { canControl, control, createControls } from "./controls.js";
import { createFacts } from "./facts.js";
import { createLog } from "./log.js";
import { createMap, noMap } from "./map.js";
import { createPanel } from "./panel.js";
import { createPlayer } from "./player.js";
import { createSender } from "./send.js";
import { openSocket } from "./socket.js";
import { anySent, freshScores } from "./tally.js";
import { createTold } from "./told.js";
import { NOWHERE, dropsBetween, modeOf, resolve, slotOf, worldOf } from "./topology.js";
import { busName, gone } from "./words.js";

/** @param {string} name */
const meta = name => document.querySelector(`meta[name="sticky-${name}"]`)?.getAttribute("content") ?? "";
const clientId = meta("client"), expose = meta("expose") || "full";

/** @type {State} */
const state = {
  expose, now: Date.now(), world: NOWHERE, busAway: false, relay: "on", cookieTo: null, shown: { kind: "idle" }, view: { w: 800, h: 440, tall: false },
  session: { id6: shortId(clientId), pageBy: meta("page-by") },
  socket: { state: "reconnecting", opening: true, at: null, words: "opening", until: null },
  was: null,
  http: null,
};
const ASK_MS = 2_000;
let scores = freshScores();
/** @type {number | null} */
let workersBefore = null;
/** @type {ReturnType<typeof openSocket> | null} */
let socket = null;
/** @type {number | undefined} */
let asking;

definePatterns();

const log = createLog(), told = createTold(state, (op, many) => {
  panel.focus(op);
  press(op, many ? player.twenty : player.one);
});
const map = expose === "off" ? noMap() : createMap(state);
const facts = createFacts(() => socket?.wake()), controls = createControls(state);
const paint = () => {
  state.now = Date.now();
  map.paint();
};
/** @param {Shown} shown */
const show = shown => {
  state.shown = shown;
  paint();
  told();
};
/** @param {string} text */
const note = text => log.add({ proto: "note", text });

const sender = createSender({
  clientId, expose,
  scores: () => scores,
  socket: () => ({ live: state.socket.state === "live", at: state.socket.at }),
  affinity: () => state.world.door.affinity,
  sendFrame: frame => socket?.send(frame) ?? false,
  resolve: id => resolve(state.world, id),
  log: ({ who, ...line }) => log.add({ ...line, slot: slotOf(state.world, who) }),
  changed(m) {
    countBusy();
    learn(m);
    if (m.score === scores[m.op]) panel.score(m.op, m.score, state.world);
    player.heard();
  },
  fetch: (url, options) => fetch(url, options),
  random: bytes => crypto.getRandomValues(bytes),
  setTimeout: (f, ms) => setTimeout(f, ms), clearTimeout: timer => clearTimeout(timer ?? undefined),
});
const player = createPlayer({ state, map, show, sender, log, owedChanged: countBusy });
const panel = createPanel({ one: op => press(op, player.one), twenty: op => press(op, player.twenty) }, expose !== "off");
const cases = createCases({
  state, player, log,
  ask: createAsker({
    clientId, expose,
    socket: () => ({ live: state.socket.state === "live", at: state.socket.at }),
    affinity: () => state.world.door.affinity,
    resolve: id => resolve(state.world, id),
    log: ({ who, ...line }) => log.add({ ...line, slot: slotOf(state.world, who) }),
    changed: () => player.heard(),
    fetch: (url, options) => fetch(url, options),
    random: bytes => crypto.getRandomValues(bytes),
    clock: () => performance.now(),
  }),
  bus: () => busName(state.world.bus),
  wake: () => socket?.wake(),
  canKill: () => canControl(state.world),
  kill: name => control({ kill: name }),
});
const rescore = () => ACTIONS.forEach(a => panel.score(a.op, scores[a.op], state.world));

function countBusy() {
  document.body.dataset.busy = String(sender.busy() + player.owed());
}

/** @type {(op: Op, play: (op: Op, text: string) => void) => void} */
function press(op, play) {
  if (!panel.hasText()) return;
  panel.mark(op);
  if (state.socket.state === "closed") socket?.wake();
  map.intoSight()?.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
  play(op, panel.text());
}

/* What servers report. */

/** An answer that names cookies shows where they lead, unless the front door ignores them. @param {Message} m */
function learn(m) {
  if (m.finished && m.cookies?.length && m.reached && state.world.door.affinity === "cookie") state.cookieTo = podOf(m.reached);
}

// The page came with the cookie, or brought it. Where its socket is on the same pod, the cookie leads there.
function learnFromSocket() {
  const { at } = state.socket, { pageBy } = state.session;
  if (state.cookieTo === null && at && state.world.door.affinity === "cookie" && podOf(pageBy) === podOf(at)) state.cookieTo = podOf(at);
}

/** @param {WireTopology} wire */
function setWorld(wire) {
  const before = state.world;
  state.now = Date.now();
  state.world = worldOf(before, wire, state.now);
  state.busAway = state.relay === "off" || state.world.bus.state === "down";
  if (before.known && before.door.affinity !== state.world.door.affinity) state.cookieTo = null;
  if (before.known) seeDrops(dropsBetween(before, state.world));
  restartScores();
  refresh();
}

/** @param {string[]} ids */
function seeDrops(ids) {
  const s = state.shown;
  if (s.kind === "idle") return;
  // A drop may be reported before the POST is answered, so the button tells what it was, not the hops.
  if ((s.kind === "trace" ? s.m.op : s.op) === "queue" && state.world.bus.fanout === "broadcast") s.drops = [...new Set([...s.drops, ...ids])];
}

function restartScores() {
  const mode = modeOf(state.world);
  if (mode.workers === null) return;
  if (workersBefore !== null && workersBefore !== mode.workers && anySent(scores)) {
    scores = freshScores();
    note(`mode is now ${mode.name}; scores reset`);
    player.idle();
  }
  if (workersBefore !== null && workersBefore !== mode.workers) cases.restart();
  workersBefore = mode.workers;
}

/** @param {"on" | "off"} relay */
function setRelay(relay) {
  state.relay = relay;
  state.busAway = relay === "off" || state.world.bus.state === "down";
  note(relay === "off" ? "the bus is down; messages can't be relayed" : "the bus is back");
  refresh();
}

function refresh() {
  learnFromSocket();
  $("map").classList.toggle("gone", gone(state));
  facts(state);
  controls();
  panel.explain(state);
  paint();
  told();
  rescore();
  cases.refresh();
}

/** @param {SocketState} next */
function setSocket({ lost, ...next }) {
  state.now = Date.now();
  state.socket = next;
  state.was = next.at ?? state.was;
  if (next.state === "live") state.http = null;
  if (lost) {
    note("socket " + next.words);
    sender.socketLost();
  }
  refresh();
  if (next.state === "reconnecting") followByAsking();
}

// Without a socket no frame reports changes of the pods. Asks at random moments, so that many pages don't ask at once.
function followByAsking() {
  clearTimeout(asking);
  asking = setTimeout(async () => {
    if (!document.hidden) await askTopology();
    if (state.socket.state === "reconnecting") followByAsking();
  }, ASK_MS * (.5 + Math.random()));
}

/** @param {Wire} frame */
function hear(frame) {
  if (frame.websocket_pid !== undefined) {
    const at = typeof frame.at === "string" ? frame.at : String(frame.websocket_pid);
    log.add({ proto: "ws", text: "socket on " + cutId(String(frame.websocket_pid), clientId), slot: slotOf(state.world, at) });
    if (frame.relay === "off" || state.relay === "off") setRelay(frame.relay === "off" ? "off" : "on");
  } else if (frame.topology) setWorld(frame.topology);
  else if (frame.relay === "on" || frame.relay === "off") setRelay(frame.relay);
  else if (frame.error) sender.refusedFrame(frame.error);
  else if (frame.text !== undefined) {
    sender.heard(frame);
    if (frame.download) cases.frame(frame);
  }
}

async function askTopology() {
  try {
    const response = await fetch("topology", { cache: "no-store", credentials: "same-origin" }), { topology } = await response.json();
    sayHttp(Boolean(topology));
    // A frame that arrived in the meantime is newer.
    if (topology && state.socket.state !== "live") setWorld(topology);
  } catch {
    // Tried again until the socket is open.
    sayHttp(false);
  }
}

/** @param {boolean | null} works */
function sayHttp(works) {
  if (state.http === works) return;
  state.http = works;
  // What was said of an earlier message no longer holds.
  if (gone(state) && !sender.busy() && !player.owed()) player.idle();
  refresh();
}

function socketUrl() {
  const url = new URL(`ws/${clientId}?map=1`, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

function tick() {
  state.now = Date.now();
  if (state.socket.until !== null) facts(state);
  if (state.socket.until !== null || state.world.pods.some(p => p.until !== null)) {
    controls();
    paint();
  }
}

document.body.dataset.busy = "0";
refresh();
setInterval(tick, 500);
addEventListener("load", async () => {
  await askTopology();
  socket = openSocket(socketUrl(), { state: setSocket, frame: hear });
});
