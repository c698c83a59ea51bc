// What the page says about a message: one sentence, and a ledger of its steps. Pure.
// A sentence is a list of plain strings, {id} and {end, miss}.
import { actionOf } from "./actions.js";
import { podOf } from "./ids.js";
import { reachedBy, writtenBy } from "./trace.js";

const LIST = 8;
const id = x => ({ id: x });
const ARRIVED = { end: "arrived" }, MISSED = { end: "missed", miss: true };
const busName = bus => (bus.kind === "redis" ? "Redis" : "the memory bus");

export function caption(state) {
  const s = state.shown;
  if (s.kind === "burst") return s.done ? burst(s) : ["Sending " + s.n + "."];
  if (s.kind === "trace") return s.m.finished && s.done >= s.hops.length ? one(s.m) : ["On its way."];
  return idle(state);
}

function idle({ socket, expose }) {
  if (socket.opening) return ["Your socket is being opened."];
  if (socket.state !== "live") return ["Your socket is gone. ", socket.state === "closed" ? "The next press opens a new one" : "The page opens a new one by itself", "; HTTP still works."];
  if (expose === "off" || !socket.at) return ["Your socket is open. Press a button and read what comes back."];
  return ["Your socket stands on ", id(socket.at), ". Press a button and watch where the message goes."];
}

const sent = m => (actionOf(m.op).out === "ws" ? "Frame" : "POST" + (actionOf(m.op).cookie ? " with the cookie" : ""));
const reached = (m, w) => (w ? [sent(m) + " reached ", id(w)] : [sent(m) + " reached a worker"]);

function one(m) {
  if (m.outcome === "arrived") return [...arrived(m), ": ", ARRIVED, "."];
  return [...(m.problem ? PROBLEMS[m.problem.kind](m, reachedBy(m)) : missed(m, reachedBy(m))), ": ", MISSED, "."];
}

function arrived(m) {
  const a = actionOf(m.op), w = reachedBy(m), by = writtenBy(m);
  if (a.out === "ws") return w ? ["Frame went down your socket to ", id(w), ", which wrote the answer back on it"] : ["Frame went down your socket and the answer came back on it"];
  if (a.back === "http") return [...reached(m, w), "; the answer came back on the same connection"];
  if (!m.http) return by ? ["The POST's own answer is lost, yet ", id(by), " wrote to your socket"] : ["The POST's own answer is lost, yet the reply came on your socket"];
  if (a.bus) return [...reached(m, w), ", which published it; ", ...(by ? [id(by), " heard it and wrote to your socket"] : ["whoever holds your socket heard it and wrote to it"])];
  return [...reached(m, w), ", which holds your socket and wrote to it"];
}

function missed(m, w) {
  if (actionOf(m.op).bus) return [...reached(m, w), ", which published it; nobody holds a socket of yours just now"];
  if (!m.socket.live) return [...reached(m, w), "; you have no socket just now; nothing to deliver to"];
  if (!w || !m.socket.at) return [...reached(m, w), " that holds no socket of yours; nothing to deliver to"];
  // Where workers are not named, a miss on the socket's own pod can only be another of its workers.
  const near = podOf(w) === podOf(m.socket.at) && (w !== m.socket.at || !w.includes(":"));
  return [...reached(m, w), near ? ", the right pod but not the worker" : "", "; your socket is on ", id(m.socket.at), "; nothing to deliver to"];
}

const waited = m => `; no answer within ${m.problem.seconds} s`;
const PROBLEMS = {
  "no-socket": () => ["You have no socket just now, so nothing was sent"],
  "socket-closed": m => ["Frame went down your socket", ...(m.socket.at ? [" to ", id(m.socket.at)] : []), "; the socket closed before the answer came"],
  "no-answer": (m, w) => (actionOf(m.op).out === "ws" ? ["Frame went down your socket", waited(m)]
    : m.http ? [...reached(m, w), actionOf(m.op).bus ? ", which published it" : ", which wrote to your socket", waited(m)] : [sent(m) + " was sent", waited(m)]),
  network: m => [sent(m) + " got no answer, the connection failed"],
  "not-json": m => [`${sent(m)} was answered ${m.problem.status} by something that is not the app`],
  refused: (m, w) => [...(w ? reached(m, w) : [sent(m) + " was refused"]), w ? ", which " : ": the app ", refusal(m.problem)],
};
const REFUSALS = {
  "relay-unavailable": "could not publish it, the bus is away",
  busy: "has too much to do just now",
  "too-large": "found it too large",
  "too-many-sessions": "counts too many new sessions from here",
  "too-many-sockets": "counts too many sockets",
  "foreign-origin": "does not take requests from this origin",
  "foreign-host": "does not answer to this host name",
  timeout: "waited too long for the rest of it",
};

const refusal = ({ code, status }) => (REFUSALS[code] ? REFUSALS[code] + (status ? ` (${status})` : "") : `answered ${status ?? "with an error"}`);

// By worker; by pod where that is a list nobody reads.
function places(reached) {
  if (Object.keys(reached).length <= LIST) return reached;
  const pods = {};
  for (const [w, n] of Object.entries(reached)) pods[podOf(w)] = (pods[podOf(w)] ?? 0) + n;
  return pods;
}

function burst(s) {
  const a = actionOf(s.op), list = Object.entries(places(s.reached)).sort((x, y) => x[0].localeCompare(y[0], "en", { numeric: true }));
  const what = s.n + (a.out === "ws" ? " frames" : a.cookie ? " POSTs with the cookie" : " POSTs without the cookie");
  const named = list.flatMap(([w, n], i) => [i ? (i === list.length - 1 ? " and " : ", ") : "", id(w), " " + n]);
  const known = list.reduce((n, e) => n + e[1], 0), lost = s.n - known;
  const where = a.back === "http" ? ["; each answer on its own connection"] : a.out === "ws" ? [", where your socket is"] : s.socketAt ? ["; your socket is on ", id(s.socketAt)] : [];
  const start = known ? [what + " reached ", ...named, ...(lost ? [`; ${lost} reached no worker`] : []), ...where] : [what + (s.named ? " reached no worker" : " sent")];
  const ends = [...(s.arrived ? [{ end: s.arrived + " arrived" }] : []), ...(s.n - s.arrived ? [{ end: (s.n - s.arrived) + " missed", miss: true }] : [])];
  return [...start, ": ", ...ends.flatMap((end, i) => (i ? [", ", end] : [end])), "."];
}

// Hops of one kind that follow each other are one step: browser -> front door -> worker is step 1.
export function steps(hops) {
  const out = [];
  hops.forEach((h, i) => {
    const last = out[out.length - 1];
    if (last && last.kind === h.kind) last.hops.push(i);
    else out.push({ kind: h.kind, hops: [i] });
  });
  return out;
}

const STEP = {
  post: (h, a) => [a.cookie ? "POST, cookie sent, to " : "POST, no cookie, to ", h.to === "door" ? "the front door" : h.to],
  frame: h => ["frame to ", h.to === "door" ? "the front door" : h.to],
  miss: h => (h.from === "bus" ? ["nobody listens for ", "you"] : ["no socket of yours on ", h.from]),
  answer: () => ["HTTP answer to the ", "browser"],
  publish: (h, a, bus) => ["published to ", busName(bus)],
  deliver: h => ["heard by ", h.to],
  push: () => ["written to your ", "socket"],
};

// Steps whose last hop is among the first `done`. A step's time is the last that one clock can tell; where that clock
// is not the worker the step names, it is named.
const milliseconds = us => (us < 10 ? "under 0.01 ms" : (us / 1000).toFixed(2) + " ms");

export function ledger(op, hops, bus, done = hops.length) {
  return steps(hops).filter(s => s.hops[s.hops.length - 1] < done).map(s => {
    const own = s.hops.map(i => hops[i]), last = own[own.length - 1], timed = own.findLast(h => h.at_us !== null);
    const [text, bold] = STEP[s.kind](last, actionOf(op), bus);
    return { text, bold, ms: timed ? milliseconds(timed.at_us) : null, clock: !timed || timed.by === bold ? null : timed.by === "door" ? "front door" : timed.by };
  });
}

export function dropped(ids) {
  return ids.length > 1 ? { text: "heard and dropped by ", bold: ids.length + " others" } : { text: "heard and dropped by ", bold: ids[0] };
}
