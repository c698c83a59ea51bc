import test from "node:test";
import assert from "node:assert/strict";
import { NOWHERE, dropsBetween, modeOf, resolve, secondsLeft, slotOf, worldOf } from "../topology.js";
import { grid, pod, wire } from "./world.mjs";

const after = (world, pods, now = 0) => worldOf(world, wire(pods), now);
const slots = world => Object.fromEntries(world.pods.map(p => [p.name, p.slot]));

test("a pod keeps its colour while it lives, a new one takes the lowest free", () => {
  let world = after(NOWHERE, ["a-1", "a-2", "a-3"].map(n => pod(n, 1)));
  assert.deepEqual(slots(world), { "a-1": 1, "a-2": 2, "a-3": 3 });
  world = after(world, ["a-1", "a-3"].map(n => pod(n, 1)));
  assert.deepEqual(slots(world), { "a-1": 1, "a-3": 3 });
  world = after(world, ["a-1", "a-3", "a-4", "a-5"].map(n => pod(n, 1)));
  assert.deepEqual(slots(world), { "a-1": 1, "a-3": 3, "a-4": 2, "a-5": 4 });
  world = after(world, [pod("a-0", 4), pod("a-3", 1)]);
  assert.deepEqual(slots(world), { "a-0": 1, "a-3": 3 });
});

test("colours start again after the sixth", () => {
  assert.deepEqual(Object.values(slots(grid(8, 1))), [1, 2, 3, 4, 5, 6, 1, 2]);
});

test("the mode has a name", () => {
  assert.equal(modeOf(grid(3, 1)).name, "3x1");
  assert.equal(modeOf(grid(3, 1)).words, "three pods, one worker each");
  assert.equal(modeOf(grid(1, 4)).name, "1x4");
  assert.equal(modeOf(grid(1, 4)).words, "one pod, four workers");
  assert.equal(modeOf(NOWHERE).name, "none");
});

test("a canary comes on top of the mode", () => {
  const canary = { version: "0.1.0-canary" }, pods = [1, 2, 3].map(n => pod(`a-${n}`, 1, { version: "0.1.0" }));
  const one = modeOf(after(NOWHERE, [...pods, pod("a-4", 1, canary)]));
  assert.deepEqual([one.name, one.words], ["3x1", "three pods, one worker each, and one canary pod"]);
  assert.equal(modeOf(after(NOWHERE, [...pods, pod("a-4", 1, { ...canary, state: "draining" })])).words, "three pods, one worker each");
  assert.equal(modeOf(after(NOWHERE, [pod("a-4", 1, canary), pod("a-5", 1, canary)])).name, "2x1");
});

test("while the mode changes both sizes count; draining pods don't", () => {
  const both = modeOf(after(NOWHERE, [pod("a-1", 1), pod("a-2", 1), pod("a-3", 4)]));
  assert.equal(both.name, "2x1 + 1x4");
  assert.equal(both.mixed, true);
  assert.equal(both.workers, null);
  assert.equal(modeOf(after(NOWHERE, [pod("a-1", 1, { state: "draining" }), pod("a-3", 4)])).name, "1x4");
});

test("a worker that is being started is one of its pod's all the same", () => {
  const workers = [{ worker: 0, state: "ready", sockets: 1, ignored: 0 }, { worker: 1, state: "starting", sockets: 0, ignored: 0 }];
  assert.equal(modeOf(after(NOWHERE, [{ pod: "a-1", state: "starting", workers }])).name, "1x2");
});

test("workers hidden by the server are counted nowhere", () => {
  const world = after(NOWHERE, [{ pod: "a-1", state: "ready", workers: [] }, { pod: "a-2", state: "ready", workers: [] }]);
  assert.deepEqual(modeOf(world), { name: "2", words: "pods", workers: null, mixed: false });
  assert.equal(resolve(world, "a-1"), "a-1");
});

test("a drain is counted down from when it was reported", () => {
  const [p] = after(NOWHERE, [pod("a-1", 1, { state: "draining", left_s: 9 })], 1000).pods;
  assert.deepEqual([1000, 1001, 5000, 99_000].map(now => secondsLeft(p, now)), [9, 9, 5, 0]);
});

test("drops are counters that went up", () => {
  const before = grid(3, 1), later = structuredClone(before);
  later.pods[1].workers[0].ignored = 2;
  assert.deepEqual(dropsBetween(before, later), ["app-2:0"]);
  assert.deepEqual(dropsBetween(later, before), []);
});

test("the name of a pod with one worker stands for that worker", () => {
  assert.equal(resolve(grid(3, 1), "app-2"), "app-2:0");
  assert.equal(resolve(grid(1, 4), "app-1"), "app-1");
  assert.equal(resolve(grid(3, 1), "gone-9"), "gone-9");
  assert.equal(resolve(grid(3, 1), null), null);
  assert.equal(slotOf(grid(3, 1), "gone-9"), null);
});

test("something else than a topology gives an empty world", () => {
  assert.deepEqual(worldOf(NOWHERE, null, 0).pods, []);
  assert.deepEqual(worldOf(NOWHERE, { pods: [null, { pod: 3 }], door: { affinity: "perhaps" } }, 0).door.affinity, "unknown");
});

test("while the bus is down, pods that can't be heard stay", () => {
  const bus = { kind: "redis", fanout: "directed", state: "down" }, before = grid(3, 1);
  const down = worldOf(before, wire([pod("app-2", 1)], { bus }), 0), states = world => world.pods.map(p => [p.name, p.state]);
  assert.deepEqual(states(down), [["app-1", "unseen"], ["app-2", "ready"], ["app-3", "unseen"]]);
  assert.deepEqual([slots(down), modeOf(down).name, resolve(down, "app-3")], [slots(before), "3x1", "app-3:0"]);
  assert.deepEqual(states(worldOf(down, wire([pod("app-1", 1), pod("app-2", 1)]), 0)), [["app-1", "ready"], ["app-2", "ready"]], "who is not there when it is back is gone");
  assert.equal(worldOf(NOWHERE, {}, 0).bus.kind, "unknown");
});
