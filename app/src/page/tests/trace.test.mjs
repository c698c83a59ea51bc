import test from "node:test";
import assert from "node:assert/strict";
import { hopsFrom, hopsFromHeader, joined, lackOf, reachedBy, writtenBy } from "../trace.js";
import { door, message } from "./world.mjs";

const names = hops => hops.map(h => `${h.from}>${h.to ?? ""}:${h.kind}`);
const RELAY = ["browser>door:post", "door>app-1:0:post", "app-1:0>bus:publish", "bus>app-3:0:deliver", "app-3:0>door:push", "door>browser:push"];

test("either half may come first", () => {
  const whole = message("queue", "app-1:0", "app-3:0", { finished: false, httpDone: false });
  const first = { ...whole, frame: null, httpDone: true }, second = { ...whole, http: null };
  assert.deepEqual(names(joined(first)), RELAY.slice(0, 3));
  assert.deepEqual(names(joined(second)), []);
  assert.deepEqual(names(joined(whole)), RELAY);
});

test("what is drawn stays in place when the second half comes", () => {
  for (const op of ["queue", "mem-rr", "mem-sticky"]) {
    const whole = message(op, "app-3:0", "app-3:0"), part = names(joined({ ...whole, frame: null }));
    assert.deepEqual(names(joined(whole)).slice(0, part.length), part);
  }
});

test("a frame whose POST got no answer is drawn by itself", () => {
  assert.deepEqual(names(joined({ ...message("queue", "app-1:0", "app-3:0"), http: null })), RELAY.slice(3));
});

test("the HTTP answer belongs to echoes and misses only", () => {
  const kinds = (op, got) => joined(message(op, got, "app-3:0")).map(h => h.kind);
  assert.deepEqual(kinds("http-rr", "app-1:0"), ["post", "post", "answer", "answer"]);
  assert.deepEqual(kinds("mem-rr", "app-1:0"), ["post", "post", "miss", "answer", "answer"]);
  assert.deepEqual(kinds("mem-rr", "app-3:0"), ["post", "post", "push", "push"]);
  assert.deepEqual(kinds("ws"), ["frame", "frame", "push", "push"]);
});

test("the front door's hops take the place of the app's", () => {
  const m = message("http-rr", "app-1:0", "app-3:0");
  assert.deepEqual(joined(m).map(h => [h.by, h.at_us]), [["browser", null], ["app-1:0", null], ["app-1:0", 55], ["browser", null]]);
  m.http.door = door("app-1:0");
  assert.deepEqual(joined(m).map(h => [h.by, h.at_us]), [["browser", null], ["door", null], ["door", 900], ["browser", null]]);
  m.http.door = door("app-2:0");
  assert.deepEqual(joined(m).map(h => h.by), ["browser", "app-1:0", "app-1:0", "browser"]);
});

test("a time is shown only after another hop by the same clock", () => {
  const at = op => joined(message(op, "app-1:0", "app-3:0")).map(h => h.at_us);
  assert.deepEqual(at("queue"), [null, null, 90, null, 31, null]);
  assert.deepEqual(at("mem-rr"), [null, null, 22, 55, null]);
  // One worker that publishes and delivers counts anew for the delivery: that time says nothing about the first.
  assert.deepEqual(joined(message("queue", "app-3:0", "app-3:0")).map(h => h.at_us), [null, null, 90, null, 31, null]);
});

test("what isn't a hop is left out", () => {
  assert.deepEqual(hopsFrom("x"), []);
  assert.deepEqual(hopsFrom([null, 3, { from: "a", to: 4, kind: "post", by: "a" }, { from: "a", to: "b", kind: "jump", by: "a" }]), []);
  assert.deepEqual(hopsFromHeader("{not json"), []);
  assert.deepEqual(hopsFromHeader(null), []);
  assert.equal(hopsFrom([{ from: "door", to: "app-1:0", kind: "post", at_us: "soon", by: "door" }])[0].at_us, null);
});

test("the worker reached: from the trace, else from the headers", () => {
  assert.equal(reachedBy(message("queue", "app-1:0", "app-3:0")), "app-1:0");
  assert.equal(writtenBy(message("queue", "app-1:0", "app-3:0")), "app-3:0");
  assert.equal(reachedBy(message("ws", null, "app-3:0")), "app-3:0");
  assert.equal(reachedBy({ ...message("http-rr", "app-1:0"), http: { hops: [], door: [], speaker: "app-2:0" } }), "app-2:0");
  assert.equal(reachedBy({ ...message("http-rr", "app-1:0"), http: null }), null);
});

test("a refusal has the hops that its headers show", () => {
  const refused = (code, speaker) => ({ ...message("queue", "app-1:0", "app-3:0"), frame: null, outcome: "missed", http: { hops: [], door: door("app-1:0"), speaker }, problem: { kind: "refused", status: 503, code } });
  const way = ["browser>door:post", "door>app-1:0:post"], back = ["app-1:0>door:answer", "door>browser:answer"];
  assert.deepEqual(names(joined(refused("relay-unavailable", "app-1:0"))), [...way, "app-1:0>:publish", ...back]);
  assert.deepEqual(names(joined(refused("busy", "app-1:0"))), [...way, ...back], "a worker that is too busy publishes nothing");
  assert.deepEqual(names(joined(refused("relay-unavailable", null))), []);
  assert.equal(joined(refused("busy", "app-1:0"))[2].by, "door");
});

test("what a missed message lacked", () => {
  const m = message("mem-rr", "app-1:0", "app-3:0"), refused = code => ({ ...m, problem: { kind: "refused", code } });
  assert.deepEqual([m, { ...m, socket: { live: false, at: null } }, refused("relay-unknown"), refused("busy"), { ...m, outcome: "arrived" }].map(lackOf), ["place", "socket", "bus", null, null]);
  assert.equal(lackOf({ ...message("queue", "app-1:0", null), socket: { live: true, at: "app-3:0" } }), "listener");
});
