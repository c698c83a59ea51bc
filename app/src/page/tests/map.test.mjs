import test from "node:test";
import assert from "node:assert/strict";
import { draw } from "../draw.js";
import { ACTIONS } from "../actions.js";
import { fold } from "../fold.js";
import { geometry } from "../geometry.js";
import { addTo, freshBurst } from "../tally.js";
import { NOWHERE, worldOf } from "../topology.js";
import { VIEWS, sound } from "./drawing.mjs";
import { grid, message, pod, scene, wire } from "./world.mjs";

test("boxes stay within the view and apart", () => {
  for (const view of VIEWS) for (let p = 1; p <= 8; p++) for (let w = 1; w <= 8; w++) sound(scene(grid(p, w), null, `app-${p}:${w - 1}`, { view }));
});

test("many pods and workers share boxes, and every one is counted", () => {
  for (const view of VIEWS) {
    for (const [p, w] of [[1, 64], [3, 64], [12, 12], [40, 1], [64, 64]]) {
      const world = grid(p, w), at = `app-${p}:${w - 1}`, g = sound(scene(world, null, at, { view }));
      assert.equal(g.pods.reduce((n, box) => n + (box.fold || 1), 0), p);
      for (const box of g.pods) assert.equal(box.workers.reduce((n, x) => n + (x.rest?.length ?? 1), 0), w * (box.fold || 1));
      assert.ok(g.pods.some(x => x.name === `app-${p}`), "the pod with the socket is drawn");
      assert.ok(g.H === view.h, "the map is as high as its place on the page");
    }
  }
});

test("pods of different sizes stand side by side while the mode changes", () => {
  const world = worldOf(NOWHERE, wire([pod("app-1", 1, { state: "draining", left_s: 9 }), pod("app-2", 1), pod("app-3", 1), pod("app-4", 4, { state: "starting" }), pod("app-5", 2)]), 0);
  for (const view of VIEWS) sound(scene(world, null, "app-4:3", { view }));
});

test("no pods yet", () => {
  for (const view of VIEWS) assert.match(JSON.stringify(draw(scene(NOWHERE, null, null, { view }))), /Front door/);
  assert.equal(geometry(VIEWS[0], fold(VIEWS[0], [], null, { kind: "idle" })).pods.length, 0);
});

test("when one hop changes, the drawing changes", () => {
  const world = grid(3, 1), paint = m => JSON.stringify(draw(scene(world, m, "app-3:0")));
  for (const { op } of ACTIONS) {
    const m = message(op, "app-1:0", "app-3:0"), before = paint(m);
    assert.equal(paint(structuredClone(m)), before);
    for (const half of ["http", "frame"]) {
      for (const i of (m[half]?.hops ?? []).keys()) {
        const other = structuredClone(m), hop = other[half].hops[i];
        // The answer to a relayed POST is no part of the drawing.
        if (hop.kind === "answer" && op === "queue") continue;
        for (const end of ["from", "to"]) if (hop[end] === "app-1:0" || hop[end] === "app-3:0") hop[end] = "app-2:0";
        if (hop.kind === "publish" || hop.kind === "miss") hop.from = "app-2:0";
        assert.notEqual(paint(other), before, `${op} ${half} ${i}`);
      }
    }
  }
});

test("each drawn hop carries its name", () => {
  const tree = JSON.stringify(draw(scene(grid(3, 1), message("mem-rr", "app-1:0", "app-3:0"), "app-3:0")));
  for (const hop of ["browser>door:post", "door>app-1:0:post", "app-1:0>:miss", "app-1:0>door:answer", "door>browser:answer"]) assert.ok(tree.includes(`"data-hop":"${hop}"`), hop);
});

test("drops of a broadcast are dotted, without a number", () => {
  const state = scene(grid(3, 1), message("queue", "app-1:0", "app-3:0"), "app-3:0");
  const steps = () => JSON.stringify(draw(state)).match(/"step"/g).length, before = steps();
  state.shown.drops = ["app-2:0"];
  assert.ok(JSON.stringify(draw(state)).includes("bus>app-2:0:ignore"));
  assert.equal(steps(), before);
});

test("the states of front door, bus and pods are written out", () => {
  const words = more => JSON.stringify(draw(scene({ ...grid(3, 1), ...more }, null, "app-3:0")));
  assert.match(words({ door: { affinity: "unknown", issuer: "proxy" } }), /affinity unknown/);
  assert.match(words({ door: { affinity: "unknown", issuer: "proxy" } }), /"slab"/);
  assert.match(words({ door: { affinity: "off", issuer: "proxy" } }), /cookie affinity off/);
  assert.match(words({ door: { affinity: "cookie", issuer: "app" } }), /app sets the cookie/);
  assert.match(words({ bus: { kind: "memory", fanout: "directed", state: "ok" } }), /memory/);
  const world = worldOf(NOWHERE, wire([pod("app-1", 1, { state: "draining", left_s: 9 })]), 0);
  assert.match(JSON.stringify(draw(scene(world, null, "app-1:0", { now: 2500 }))), /draining, 7 s left/);
});

test("workers hidden by the server: one box per pod, no number", () => {
  const world = worldOf(NOWHERE, wire([{ pod: "app-1", state: "ready", workers: [] }, { pod: "app-2", state: "ready", workers: [] }]), 0);
  const tree = JSON.stringify(draw(scene(world, message("mem-rr", "app-1", "app-2"), "app-2")));
  assert.doesNotMatch(tree, /worker \d|:0/);
  assert.ok(tree.includes('"data-worker":"app-1"') && tree.includes("no socket"));
  const own = { ...message("mem-rr", "app-2", "app-1"), socket: { live: true, at: "app-2" } };
  assert.ok(JSON.stringify(draw(scene(world, own, "app-2"))).includes("another worker"));
});

test("the bus is away: the lane ends before it, and no other worker gets a cross", () => {
  const refused = { ...message("queue", "app-1:0", "app-3:0"), frame: null, outcome: "missed", http: { hops: [], door: [], speaker: "app-1:0" }, problem: { kind: "refused", status: 503, code: "relay-unavailable" } };
  const burst = freshBurst("queue", 20, true);
  for (let i = 0; i < 20; i++) addTo(burst, refused);
  for (const state of [scene(grid(3, 1), refused, "app-3:0"), scene(grid(3, 1), null, "app-3:0", { shown: { ...burst, done: true } })]) {
    const tree = JSON.stringify(draw(state));
    assert.ok(tree.includes('"app-1:0>:publish"') && tree.includes('"door>app-1:0:post"'), tree);
    assert.equal(tree.match(/missring/g).length, 1, "one cross, before the bus");
    assert.doesNotMatch(tree, /bus:publish|:miss"|cookie-bite/);
  }
});

test("a cookie is drawn where an answer named one", () => {
  const drawn = cookies => JSON.stringify(draw(scene(grid(3, 1), { ...message("http-sticky", "app-1:0", "app-3:0"), cookies }, "app-3:0"))).includes("cookie-bite");
  assert.deepEqual([null, [], ["a"]].map(drawn), [false, false, true]);
  const burst = cookies => JSON.stringify(draw(scene(grid(3, 1), null, "app-3:0", { shown: { ...freshBurst("http-sticky", 20, true), reached: { "app-1:0": 20 }, cookies, arrived: 20, done: true } }))).includes("cookie-bite");
  assert.deepEqual([burst({ some: 0, none: 20 }), burst({ some: 20, none: 0 })], [false, true]);
});
