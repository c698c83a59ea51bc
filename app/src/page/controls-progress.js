// What the controls say about a change, from the pods that servers report. Pure.
/** @import { Pending, Progress, World } from "./types.d.ts" */
import { modeOf, secondsLeft, stablePods } from "./topology.js";

/** @type {(n: number) => string} */
const podsOf = n => (n === 1 ? "1 pod" : `${n} pods`);

/**
 * How far a change is. Without one it says what is there.
 * @type {(world: World, pending: Pending | null, now: number) => Progress}
 */
export function progressOf(world, pending, now) {
  const own = stablePods(world), staying = own.filter(p => p.state !== "draining"), leaving = own.filter(p => p.state === "draining");
  if (!pending) return { mode: modeOf(world).name, pods: staying.length, done: true, words: "" };
  const [count, workers] = pending.mode.split("x").map(Number), { gone } = pending;
  const fit = staying.filter(p => p.state === "ready" && p.size === workers && p.name !== gone).length;
  const done = fit === count && own.length === count && !world.pods.some(p => p.name === gone);
  const left = Math.max(0, ...leaving.map(p => secondsLeft(p, now) ?? 0));
  const steps = fit < count || !leaving.length ? `${fit} of ${podsOf(count)} ready` : `${podsOf(leaving.length)} draining, ${left} s left`;
  const change = gone ? `Killed ${gone}; a new pod replaces it after 3 s` : `Changing to ${pending.mode}`;
  return { mode: pending.mode, pods: count, done, words: done ? (gone ? `A new pod has replaced ${gone}.` : `Now ${pending.mode}.`) : `${change}: ${steps}.` };
}

/**
 * What can be killed: each pod, and its workers where it has several.
 * @param {World} world
 */
export const targetsOf = world => world.pods.flatMap(p => [p.name, ...(p.size > 1 ? p.workers.map(w => w.id) : [])]);
