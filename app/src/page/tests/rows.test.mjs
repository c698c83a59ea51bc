import test from "node:test";
import assert from "node:assert/strict";
import { draw, layout } from "../draw.js";
import { fold, foldWorkers, pick } from "../fold.js";
import { workerBox } from "../geometry.js";
import { wayIn } from "../lanes.js";
import { NOWHERE, worldOf } from "../topology.js";
import { PHONES, VIEWS, readable, sound, wordsOf } from "./drawing.mjs";
import { freshBurst } from "../tally.js";
import { grid, message, pod, scene, wire } from "./world.mjs";

const viewsOf = pods => (pods > 4 ? [...VIEWS, ...PHONES] : VIEWS);
const SHAPES = [[1, 1], [2, 1], [3, 1], [4, 1], [5, 1], [8, 1], [15, 1], [16, 1], [30, 1], [64, 1], [1, 2], [1, 4], [1, 8], [1, 16], [2, 2], [3, 2], [2, 4], [4, 4], [2, 16], [16, 4], [64, 4]];
/** As Kubernetes names pods. */
const LONG = (pods, workers) => worldOf(NOWHERE, wire(Array.from({ length: pods }, (_, i) => pod(`sticky-sessions-6d9c7b8f4d-${(i * 7919 + 600000).toString(36).padStart(5, "x")}`, workers))), 0);

function burst(world, at, op, more = {}) {
  const reached = {}, missed = {}, all = world.pods.flatMap(p => p.workers.map(w => w.id));
  for (let i = 0; i < 20; i++) {
    const id = all[(i * 7 + 3) % all.length];
    reached[id] = (reached[id] ?? 0) + 1;
    if (id !== at && op === "mem-rr") missed[id] = (missed[id] ?? 0) + 1;
  }
  const lost = Object.values(missed).reduce((n, x) => n + x, 0);
  return { ...freshBurst(op, 20, true), reached, missed, arrived: 20 - lost, done: true, socketAt: at, ...more };
}

/** Every kind of picture of one world. */
function scenes(world, view) {
  const { pods } = world, own = pods[pods.length - 1], at = own.workers[own.workers.length - 1].id, far = pods[Math.floor((pods.length - 1) / 2)].workers[0].id;
  const traces = ["http-rr", "ws", "queue", "mem-rr"].map(op => message(op, op === "ws" ? at : far, at));
  return [
    scene(world, null, at, { view }), scene(world, null, null, { view, now: 0, socket: { state: "reconnecting", opening: false, at: null, words: "lost", until: 9_000 } }),
    ...traces.map(m => scene(world, m, at, { view })), scene(world, message("queue", at, at), at, { view }),
    ...["http-rr", "queue", "mem-rr"].map(op => scene(world, null, at, { view, shown: burst(world, at, op) })),
  ];
}

for (const [p, w] of SHAPES) {
  test(`${p}x${w}: words are apart, inside and not struck through, at every width`, () => {
    for (const view of viewsOf(p)) for (const world of [grid(p, w), LONG(p, w)]) for (const state of scenes(world, view)) {
      const g = sound(state);
      readable(state);
      assert.ok(g.H <= view.h, "the map is no higher than its place");
    }
  });
}

test("draining pods say so at every width", () => {
  for (const [p, w] of [[1, 1], [3, 1], [1, 4], [2, 2], [8, 1], [8, 4]]) for (const view of viewsOf(p)) {
    const world = worldOf(NOWHERE, wire(Array.from({ length: p }, (_, i) => pod("app-" + (i + 1), w, i % 2 ? { state: "starting" } : { state: "draining", left_s: 119 }))), 0);
    for (const state of scenes(world, view)) readable({ ...state, now: 2_500 });
  }
});

test("the box of other pods has lanes, crosses and counts of its own", () => {
  for (const view of viewsOf(64)) {
    const world = grid(64, 1), at = "app-64:0", state = scene(world, null, at, { view, shown: burst(world, at, "mem-rr") }), g = layout(state);
    const [box] = g.pods.filter(x => x.fold), ids = box.workers[0].rest, own = g.pods.filter(x => !x.fold).map(x => x.name);
    assert.equal(box.fold + own.length, 64);
    assert.equal(ids.length, box.fold);
    for (const id of ids) assert.equal(workerBox(g, id).p, box);
    const end = wayIn(g, "out", ids[0]).at(-1);
    assert.ok(end[0] === box.m1 && end[1] > box.c1 && end[1] < box.c2, "the lane ends at the box");
    const inside = ids.filter(id => state.shown.reached[id]), tree = JSON.stringify(draw(state));
    assert.ok(inside.length > 0, "some of the twenty go to pods in the box");
    assert.ok(tree.includes(`"data-fold":${box.fold},"data-reached":${inside.length},"data-missed":${inside.length}`));
    assert.ok(wordsOf(draw(state)).some(x => x.said.startsWith(`${inside.length} missed`)), `${view.w}`);
    assert.ok(inside.some(id => tree.includes(`"data-hop":"${id}>:miss"`)) && inside.some(id => tree.includes(`"data-hop":"door>${id}:post"`)));
    assert.equal(Object.keys(state.shown.reached).length, own.filter(x => state.shown.reached[x + ":0"]).length + inside.length);
  }
});

test("the pods of what is shown have rows of their own", () => {
  for (const view of viewsOf(64)) {
    const names = m => layout(scene(grid(64, 1), m, "app-64:0", { view })).pods.map(p => p.name);
    const idle = names(null), shown = names(message("mem-rr", "app-37:0", "app-64:0"));
    assert.equal(shown.length, idle.length);
    if (view.w < 520) {
      assert.deepEqual(idle.slice(0, 3), ["app-64", "app-1", "app-2"], "on phones they stand on top");
      assert.deepEqual(shown.slice(0, 3), ["app-64", "app-37", "app-1"]);
      continue;
    }
    assert.deepEqual(idle.slice(0, 3), ["app-1", "app-2", "app-3"]);
    assert.ok(idle.includes("app-64") && !idle.includes("app-37"));
    assert.ok(shown.includes("app-64") && shown.includes("app-37"));
    assert.deepEqual(shown.slice(0, -3), idle.slice(0, -3), "and the others keep theirs");
  }
});

test("an open map has a row for each pod, and the browser stays in sight", () => {
  for (const view of viewsOf(64)) for (const top of [0, 300, 900]) {
    const state = scene(grid(64, 2), null, "app-64:0", { view: { ...view, open: true, top } }), g = layout(state);
    assert.equal(g.pods.length, 64);
    assert.ok(g.pods.every(p => !p.fold) && g.hidden > 40 && g.shut);
    for (const box of [g.browser, g.shut]) assert.ok(box.c1 >= top && box.c2 <= top + view.h, `${view.w} px: out of sight at ${top}`);
    assert.ok(g.pods.at(-1).c2 <= g.H - (g.shut.c2 - g.shut.c1), "the last row can be scrolled past the button");
  }
});

test("an open map of few pods is as it was", () => {
  for (const view of VIEWS) assert.deepEqual(layout(scene(grid(5, 1), null, "app-5:0", { view: { ...view, open: true } })), layout(scene(grid(5, 1), null, "app-5:0", { view })));
});

test("about sixteen pods fold, fewer don't, where the screen is wide enough", () => {
  for (const view of VIEWS.filter(v => v.w >= 520)) {
    const folds = n => fold(view, grid(n, 1).pods, null, { kind: "idle" }).hidden;
    assert.equal(folds(15), 0);
    assert.ok(folds(16) > 0);
    assert.equal(fold(view, grid(5, 1).pods, null, { kind: "idle" }).style, "rows");
    assert.equal(fold(view, grid(4, 1).pods, null, { kind: "idle" }).style, "boxes");
  }
});

test("what is to be kept replaces the last of the first", () => {
  assert.deepEqual(pick([1, 2, 3, 4, 5, 6], 3, [5]), [1, 2, 5]);
  assert.deepEqual(pick([1, 2, 3, 4, 5, 6], 3, [6, 5, 4, 2]), [4, 5, 6]);
  assert.deepEqual(pick([1, 2], 3, [2]), [1, 2]);
  const workers = grid(1, 6).pods[0].workers;
  assert.deepEqual(foldWorkers(workers, 3, ["app-1:5"]).map(w => w.id ?? w.rest), ["app-1:0", "app-1:5", ["app-1:1", "app-1:2", "app-1:3", "app-1:4"]]);
});

test("every step of a miss has its number on the map", () => {
  for (const [p, w] of SHAPES.filter(([p, w]) => p * w > 1)) for (const view of viewsOf(p)) {
    const world = grid(p, w), at = `app-${p}:${w - 1}`, far = "app-1:0";
    const numbers = wordsOf(draw(scene(world, message("mem-rr", far, at), at, { view }))).filter(x => x.css === "step-n").map(x => x.said);
    assert.deepEqual(numbers.sort(), ["1", "2", "3"], `${view.w} px, ${p}x${w}`);
    const said = wordsOf(draw(scene(world, message("mem-rr", far, at), at, { view }))).filter(x => x.css === "misst");
    assert.equal(said.length, 1, `${view.w} px, ${p}x${w}: the cross has a word`);
  }
});
