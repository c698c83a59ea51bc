// Turns the topology that servers report into the world that the page draws. Pure.
/** @import { Bus, Pod, WireTopology, Worker, World } from "./types.d.ts" */
import { podOf } from "./ids.js";
import { SLOTS } from "./patterns.js";

/** @type {World} */
export const NOWHERE = { known: false, door: { kind: "unknown", affinity: "unknown", issuer: "proxy", control: false }, bus: { kind: "unknown", fanout: "directed", state: "ok" }, pods: [] };

/** @type {(x: unknown) => any[]} */
const objectsIn = x => (Array.isArray(x) ? x.filter(r => r && typeof r === "object") : []);
/**
 * The value if it is allowed, else the first that is.
 * @template {string} T
 * @param {any} value
 * @param {T[]} allowed
 */
const oneOf = (value, allowed) => (allowed.includes(value) ? /** @type {T} */ (value) : allowed[0]);
/** @param {any} x */
const number = x => (Number.isFinite(x) ? x : 0);

/**
 * Pods keep their colour slot. A new one takes the lowest of those used least, so colours start again after the sixth.
 * @type {(names: string[], before: Pod[]) => Map<string, number>}
 */
function giveSlots(names, before) {
  const slots = new Map(before.filter(p => names.includes(p.name)).map(p => [p.name, p.slot]));
  for (const name of names.filter(n => !slots.has(n))) {
    const used = new Array(SLOTS).fill(0);
    for (const slot of slots.values()) used[slot - 1]++;
    slots.set(name, used.indexOf(Math.min(...used)) + 1);
  }
  return slots;
}

/** @type {(pod: any) => Worker[]} */
function workersFrom(pod) {
  const told = objectsIn(pod.workers);
  // A server that hides its workers still has pods: each is one box, named by the pod.
  if (!told.length) return [{ id: pod.pod, n: null, state: pod.state, sockets: 0, ignored: 0 }];
  return told.map(w => ({ id: `${pod.pod}:${w.worker}`, n: w.worker, state: w.state, sockets: number(w.sockets), ignored: number(w.ignored) }));
}

/**
 * @param {World} before
 * @param {WireTopology | null} wire
 * @param {number} now in milliseconds
 * @returns {World}
 */
export function worldOf(before, wire, now) {
  const told = objectsIn(wire?.pods).filter(p => typeof p.pod === "string");
  const door = wire?.door ?? {}, bus = busFrom(wire?.bus ?? {});
  // Pods hear of each other by the bus. Without it a server reports its own pod only, and the others are not gone.
  const unseen = bus.state === "down" ? before.pods.filter(p => !told.some(t => t.pod === p.name)) : [];
  const slots = giveSlots([...told.map(p => p.pod), ...unseen.map(p => p.name)], before.pods);
  return {
    known: true,
    door: { kind: oneOf(door.kind, ["unknown", "local", "nginx", "traefik", "gateway"]), affinity: oneOf(door.affinity, ["unknown", "cookie", "off"]), issuer: oneOf(door.issuer, ["proxy", "app"]), control: door.control === true },
    bus,
    pods: inOrder(before.pods, [...told.map(p => ({
      name: p.pod, slot: slots.get(p.pod) ?? 1, state: oneOf(p.state, ["ready", "starting", "draining"]), workers: workersFrom(p),
      size: objectsIn(p.workers).length,
      until: Number.isFinite(p.left_s) ? now + p.left_s * 1000 : null,
      version: typeof p.version === "string" ? p.version : null,
    })), ...unseen.map(notSeen)]),
  };
}

/**
 * @param {Record<string, unknown>} bus
 * @returns {Bus}
 */
const busFrom = bus => ({
  kind: oneOf(bus.kind, ["unknown", "redis", "memory"]), fanout: oneOf(bus.fanout, ["directed", "broadcast"]), state: oneOf(bus.state, ["ok", "down"]),
});

/** @type {(pod: Pod) => Pod} */
const notSeen = pod => ({ ...pod, state: "unseen", until: null, workers: pod.workers.map(w => ({ ...w, state: "unseen" })) });

/**
 * Keeps pods that are not seen where they were.
 * @type {(before: Pod[], pods: Pod[]) => Pod[]}
 */
function inOrder(before, pods) {
  if (!pods.some(p => p.state === "unseen")) return pods;
  /** @param {Pod} p */
  const place = p => before.findIndex(b => b.name === p.name);
  return pods.sort((a, b) => (place(a) < 0 ? Infinity : place(a)) - (place(b) < 0 ? Infinity : place(b)) || 0);
}

/** @type {(pod: Pick<Pod, "until">, now: number) => number | null} */
export const secondsLeft = (pod, now) => (pod.until === null ? null : Math.max(0, Math.ceil((pod.until - now) / 1000)));
/** @type {(world: World, id: string | null | undefined) => number | null} */
export const slotOf = (world, id) => (id && world.pods.find(p => p.name === podOf(id))?.slot) || null;

/**
 * The worker that a name stands for: texts leave the worker out where a pod has only one, the map never does.
 * @type {(world: World, id: string | null) => string | null}
 */
export function resolve(world, id) {
  const pod = id && !id.includes(":") && world.pods.find(p => p.name === id);
  return pod && pod.workers.length === 1 ? pod.workers[0].id : id;
}

/**
 * Workers whose count of dropped messages went up.
 * @type {(before: World, after: World) => string[]}
 */
export function dropsBetween(before, after) {
  const old = new Map(before.pods.flatMap(p => p.workers.map(w => [w.id, w.ignored])));
  return after.pods.flatMap(p => p.workers).filter(w => w.ignored > (old.get(w.id) ?? Infinity)).map(w => w.id);
}

const NAMES = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
/** @type {(n: number, what: string) => string} */
const count = (n, what) => `${NAMES[n] ?? n} ${what}${n === 1 ? "" : "s"}`;

/**
 * A canary's pods, which come on top of the mode. Their version ends so unless the operator names it otherwise (`canary.version`).
 * @param {Pod} p
 */
const isCanary = p => Boolean(p.version?.endsWith("-canary"));

/**
 * The pods that the mode counts.
 * @param {World} world
 */
export const stablePods = world => world.pods.filter(p => !isCanary(p));

/**
 * "3x1". Draining pods don't count unless there are no others; pods of different sizes at one time mean that the mode is changing.
 * @param {World} world
 */
export function modeOf(world) {
  const stable = stablePods(world), all = stable.length ? stable : world.pods;
  const staying = all.filter(p => p.state !== "draining"), pods = staying.length ? staying : all;
  if (!pods.length) return { name: "none", words: world.known ? "no pods yet" : "loading", workers: null, mixed: false };
  const groups = new Map();
  for (const p of pods) groups.set(p.size, (groups.get(p.size) ?? 0) + 1);
  const list = [...groups], mixed = list.length > 1;
  if (!list.some(([w]) => w > 0)) return { name: String(pods.length), words: pods.length > 1 ? "pods" : "pod", workers: null, mixed: false };
  const canaries = stable.length ? world.pods.filter(p => isCanary(p) && p.state !== "draining").length : 0, beside = canaries ? `, and ${count(canaries, "canary pod")}` : "";
  const words = mixed ? "changing" : count(list[0][1], "pod") + ", " + count(list[0][0], "worker") + (pods.length > 1 ? " each" : "") + beside;
  return { name: list.map(([w, n]) => `${n}x${w}`).join(" + "), words, workers: mixed ? null : list[0][0], mixed };
}
