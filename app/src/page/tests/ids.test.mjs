import test from "node:test";
import assert from "node:assert/strict";
import { cutId, fit, podOf, shortId, speakerOf } from "../ids.js";
import { newTraceId } from "../send.js";
import { share } from "../share.js";
import { grid } from "./world.mjs";

const ID = "k7q3mzabcdefghijklmnopqrst";

test("a client id is cut wherever it appears", () => {
  assert.equal(shortId(ID), "k7q3mz");
  assert.equal(cutId(`[app-2] no connection to ${ID}, ${ID}`, ID), "[app-2] no connection to k7q3mz, k7q3mz");
  assert.equal(cutId("nothing to cut", ""), "nothing to cut");
});

test("identities", () => {
  assert.deepEqual([podOf("app-1:2"), podOf("app-1")], ["app-1", "app-1"]);
  assert.equal(speakerOf("[app-1:2]  hello"), "app-1:2");
  assert.equal(speakerOf("<b>[app]</b>"), null);
});

test("long names keep their end", () => {
  assert.equal(fit("app-1", 8), "app-1");
  assert.equal(fit("sticky-app-6c9d8f7b54-x2x4z", 10), "…x2x4z");
  assert.equal(fit("sticky-app-6c9d8f7b54-x2x4z", 4), "…x4z");
});

test("trace ids have the form that servers accept", () => {
  assert.match(newTraceId(bytes => bytes.map((_, i) => i * 37)), /^[a-z2-7]{16}$/);
});

test("shares of many workers become shares of pods, and fit", () => {
  for (const [p, w] of [[1, 1], [3, 1], [1, 4], [4, 4], [8, 8], [64, 1], [1, 64]]) {
    const [, attributes] = share(grid(p, w), { "app-1:0": 5 });
    assert.ok(attributes.width <= 98, `${p}x${w}: ${attributes.width}`);
    assert.match(attributes["aria-label"], /app-1(:0)?: 5/);
  }
  assert.match(share(grid(0, 0), {})[1]["aria-label"], /no pods yet/);
  // Those that answered most keep a bar, and the rest is counted.
  const by = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`app-${i + 31}:0`, i === 3 ? 2 : 1])), many = share(grid(64, 1), by);
  assert.match(many[1]["aria-label"], /app-34: 2, .*, 58 more pods: 14$/);
  assert.ok(JSON.stringify(many).includes('"+58"'));
  assert.match(share(grid(1, 64), { "app-1:63": 4, "app-1:9": 1 })[1]["aria-label"], /app-1:9: 1, app-1:63: 4, 58 more workers: 0$/);
  assert.equal(share(grid(5, 1), {})[1]["aria-label"], "answered by app-1:0: 0, app-2:0: 0, app-3:0: 0, app-4:0: 0, app-5:0: 0");
});
