import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { canControl, control } from "../controls.js";
import { progressOf, targetsOf } from "../controls-progress.js";
import { NOWHERE, worldOf } from "../topology.js";
import { grid, pod, wire } from "./world.mjs";

const realFetch = globalThis.fetch;
afterEach(() => { globalThis.fetch = realFetch; });

test("only a front door that says so has controls", () => {
  const door = control => worldOf(NOWHERE, wire([pod("app-1", 1)], { door: { kind: "local", affinity: "cookie", issuer: "proxy", ...control } }), 0);
  assert.equal(canControl(door({ control: true })), true);
  for (const not of [{}, { control: false }, { control: "true" }, { control: 1 }]) assert.equal(canControl(door(not)), false);
  assert.equal(canControl(NOWHERE), false);
});

test("a change is sent as the front door wants it", async () => {
  const asked = [];
  globalThis.fetch = async (url, options) => {
    asked.push([url, options.method, options.headers["content-type"], options.body]);
    return new Response(JSON.stringify({ mode: "5x1" }), { status: 200 });
  };
  assert.deepEqual(await control({ scale: 5 }), { ok: true, message: "", mode: "5x1" });
  assert.deepEqual(asked, [["control", "POST", "application/json", '{"scale":5}']]);
});

test("refusals and silence are told apart", async () => {
  globalThis.fetch = async () => new Response(JSON.stringify({ error: { code: "unknown-pod", message: "no pod `x`" } }), { status: 409 });
  assert.deepEqual(await control({ kill: "x" }), { ok: false, message: "no pod `x`" });
  globalThis.fetch = async () => new Response("{}", { status: 502 });
  assert.deepEqual(await control({ kill: "x" }), { ok: false, message: "the front door answered 502" });
  globalThis.fetch = async () => new Response("<h1>", { status: 200 });
  assert.equal((await control({ scale: 1 })).ok, false);
  globalThis.fetch = async () => { throw new TypeError("failed"); };
  assert.deepEqual(await control({ scale: 1 }), { ok: false, message: "the demo doesn't answer" });
});

test("a change is done when every pod is as asked for, and no other is left", () => {
  assert.deepEqual(progressOf(grid(3, 1), null, 0), { mode: "3x1", pods: 3, done: true, words: "" });
  const five = { mode: "5x1", gone: null };
  assert.deepEqual(progressOf(grid(3, 1), five, 0), { mode: "5x1", pods: 5, done: false, words: "Changing to 5x1: 3 of 5 pods ready." });
  assert.deepEqual(progressOf(grid(5, 1), five, 0), { mode: "5x1", pods: 5, done: true, words: "Now 5x1." });
  const one = { mode: "1x4", gone: null };
  assert.equal(progressOf(grid(1, 1), one, 0).words, "Changing to 1x4: 0 of 1 pod ready.");
  const leaving = worldOf(NOWHERE, wire([pod("app-1", 1, { state: "draining", left_s: 4 }), pod("app-2", 4)]), 1_000);
  assert.equal(progressOf(leaving, one, 1_000).words, "Changing to 1x4: 1 pod draining, 4 s left.");
  assert.equal(progressOf(leaving, one, 2_000).words, "Changing to 1x4: 1 pod draining, 3 s left.");
});

test("a killed pod is replaced by another, not by the news that it is still there", () => {
  const killed = { mode: "3x1", gone: "app-2" };
  const world = names => worldOf(NOWHERE, wire(names.map(name => pod(name, 1))), 0);
  assert.equal(progressOf(world(["app-1", "app-2", "app-3"]), killed, 0).done, false, "the frame is older than the kill");
  assert.equal(progressOf(world(["app-1", "app-3"]), killed, 0).words, "Killed app-2; a new pod replaces it after 3 s: 2 of 3 pods ready.");
  assert.deepEqual(progressOf(world(["app-1", "app-3", "app-4"]), killed, 0), { mode: "3x1", pods: 3, done: true, words: "A new pod has replaced app-2." });
});

test("a mode doesn't count canary pods", () => {
  const world = worldOf(NOWHERE, wire([pod("app-1", 1, { version: "0.1.0" }), pod("app-2", 1, { version: "0.1.0-canary" })]), 0);
  assert.deepEqual(progressOf(world, null, 0), { mode: "1x1", pods: 1, done: true, words: "" });
  assert.equal(progressOf(world, { mode: "1x1", gone: null }, 0).done, true);
  assert.equal(progressOf(world, { mode: "1x1", gone: "app-2" }, 0).done, false, "the canary is still there");
  assert.deepEqual(targetsOf(world), ["app-1", "app-2"]);
});

test("pods can be killed, and workers where a pod has several", () => {
  assert.deepEqual(targetsOf(grid(2, 1)), ["app-1", "app-2"]);
  assert.deepEqual(targetsOf(grid(1, 2)), ["app-1", "app-1:0", "app-1:1"]);
});
