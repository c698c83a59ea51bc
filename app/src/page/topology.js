// Topology as servers tell it -> the world the page draws. Pure.
import { podOf } from "./ids.js";

const SLOTS = 6;
export const NOWHERE = { known: false, door: { kind: "unknown", affinity: "unknown", issuer: "proxy" }, bus: { kind: "redis", fanout: "directed", state: "ok" }, pods: [] };

const rows = x => (Array.isArray(x) ? x.filter(r => r && typeof r === "object") : []);
const oneOf = (value, allowed) => (allowed.includes(value) ? value : allowed[0]);
const number = x => (Number.isFinite(x) ? x : 0);

// Pods keep the colour slot they have; a new one takes the lowest of those used least, so colours start again after the sixth.
function giveSlots(names, before) {
  const slots = new Map(before.filter(p => names.includes(p.name)).map(p => [p.name, p.slot]));
  for (const name of names.filter(n => !slots.has(n))) {
    const used = new Array(SLOTS).fill(0);
    for (const slot of slots.values()) used[slot - 1]++;
    slots.set(name, used.indexOf(Math.min(...used)) + 1);
  }
  return slots;
}

function workersFrom(pod) {
  const told = rows(pod.workers);
  // A server that hides its workers still has pods: each is one box, named by the pod.
  if (!told.length) return [{ id: pod.pod, n: null, state: pod.state, sockets: 0, ignored: 0 }];
  return told.map(w => ({ id: `${pod.pod}:${w.worker}`, n: w.worker, state: w.state, sockets: number(w.sockets), ignored: number(w.ignored) }));
}

export function worldOf(before, wire, now) {
  const told = rows(wire?.pods).filter(p => typeof p.pod === "string");
  const slots = giveSlots(told.map(p => p.pod), before.pods);
  const door = wire?.door ?? {}, bus = wire?.bus ?? {};
  return {
    known: true,
    door: { kind: oneOf(door.kind, ["unknown", "local", "nginx", "traefik"]), affinity: oneOf(door.affinity, ["unknown", "cookie", "off"]), issuer: oneOf(door.issuer, ["proxy", "app"]) },
    bus: { kind: oneOf(bus.kind, ["redis", "memory"]), fanout: oneOf(bus.fanout, ["directed", "broadcast"]), state: oneOf(bus.state, ["ok", "down"]) },
    pods: told.map(p => ({
      name: p.pod, slot: slots.get(p.pod), state: oneOf(p.state, ["ready", "starting", "draining"]), workers: workersFrom(p),
      size: rows(p.workers).length,
      until: Number.isFinite(p.left_s) ? now + p.left_s * 1000 : null,
    })),
  };
}

export const secondsLeft = (pod, now) => (pod.until === null ? null : Math.max(0, Math.ceil((pod.until - now) / 1000)));
export const slotOf = (world, id) => (id && world.pods.find(p => p.name === podOf(id))?.slot) || null;

// Texts leave the worker out where a pod has one; the map never does.
export function resolve(world, id) {
  const pod = id && !id.includes(":") && world.pods.find(p => p.name === id);
  return pod && pod.workers.length === 1 ? pod.workers[0].id : id;
}

// Workers whose count of messages heard and dropped went up.
export function dropsBetween(before, after) {
  const old = new Map(before.pods.flatMap(p => p.workers.map(w => [w.id, w.ignored])));
  return after.pods.flatMap(p => p.workers).filter(w => old.has(w.id) && w.ignored > old.get(w.id)).map(w => w.id);
}

const NAMES = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const count = (n, what) => `${NAMES[n] ?? n} ${what}${n === 1 ? "" : "s"}`;

// "3x1". Pods on their way out don't count, unless there is nothing else; pods of unlike size at one time are a change of mode.
export function modeOf(world) {
  const staying = world.pods.filter(p => p.state !== "draining"), pods = staying.length ? staying : world.pods;
  if (!pods.length) return { name: "none", words: world.known ? "no pod yet" : "asking", workers: null, mixed: false };
  const groups = new Map();
  for (const p of pods) groups.set(p.size, (groups.get(p.size) ?? 0) + 1);
  const list = [...groups], mixed = list.length > 1;
  if (!list.some(([w]) => w > 0)) return { name: String(pods.length), words: pods.length > 1 ? "pods" : "pod", workers: null, mixed: false };
  const words = mixed ? "changing" : count(list[0][1], "pod") + ", " + count(list[0][0], "worker") + (pods.length > 1 ? " each" : "");
  return { name: list.map(([w, n]) => `${n}x${w}`).join(" + "), words, workers: mixed ? null : list[0][0], mixed };
}
