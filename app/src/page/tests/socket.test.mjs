import test from "node:test";
import assert from "node:assert/strict";
import { CAP_MS, hintFrom, retryDelay } from "../retry.js";
import { openSocket } from "../socket.js";

// A seeded generator, so that a thousand clients are the same thousand every time.
function dice(seed) {
  return () => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return seed / 4294967296;
  };
}
const buckets = delays => {
  const counts = new Map();
  for (const d of delays) counts.set(Math.floor(d / 1000), (counts.get(Math.floor(d / 1000)) ?? 0) + 1);
  return Math.max(...counts.values());
};
const clients = (attempt, hint, seed) => {
  const random = dice(seed);
  return Array.from({ length: 1000 }, () => retryDelay(attempt, hint, random));
};

test("a thousand clients spread out from the first retry", () => {
  for (const attempt of [0, 1, 2, 9]) {
    for (const seed of [1, 2, 3]) {
      const delays = clients(attempt, null, seed);
      assert.ok(buckets(delays) <= 100, `attempt ${attempt}: ${buckets(delays)} in one second`);
      assert.ok(delays.every(d => d >= 0 && d < CAP_MS));
    }
  }
});

test("no client comes before its hint or after twice the hint", () => {
  for (const hint of [3_000, 15_000, 40_000]) assert.ok(clients(0, hint, 7).every(d => d >= hint && d < 2 * hint));
  assert.ok(buckets(clients(0, 15_000, 7)) <= 100);
});

test("the hint is read from code 1012 alone", () => {
  assert.equal(hintFrom(1012, '{"retry_ms":3000}'), 3000);
  assert.equal(hintFrom(1006, '{"retry_ms":3000}'), null);
  for (const bad of ["", "soon", "null", '{"retry_ms":-1}', '{"retry_ms":"x"}']) assert.equal(hintFrom(1012, bad), null);
});

function bench() {
  const sockets = [], timers = new Map(), states = [], frames = [];
  let now = 0, next = 1;
  class WebSocket extends EventTarget {
    readyState = 1;
    sent = [];
    constructor(url) {
      super();
      this.url = url;
      sockets.push(this);
    }
    send(x) { this.sent.push(JSON.parse(x)); }
    close() { this.end(1006, ""); }
    end(code, reason) { this.readyState = 3; this.dispatchEvent(Object.assign(new Event("close"), { code, reason })); }
    say(x) { this.dispatchEvent(Object.assign(new Event("message"), { data: typeof x === "string" ? x : JSON.stringify(x) })); }
  }
  const env = {
    WebSocket, Math: { random: () => .5 }, Date: { now: () => now },
    setTimeout: (f, ms) => (timers.set(next, { f, at: now + ms }), next++), clearTimeout: id => timers.delete(id),
  };
  const pass = ms => {
    now += ms;
    for (const [id, t] of [...timers]) if (t.at <= now && timers.delete(id)) t.f();
  };
  const socket = openSocket("ws://x/ws/id?map=1", { state: s => states.push(s), frame: f => frames.push(f) }, env);
  return { sockets, states, frames, socket, pass, last: () => sockets[sockets.length - 1], state: () => states[states.length - 1] };
}

test("live with the server's first frame, and not before", () => {
  const t = bench();
  assert.equal(t.socket.send({}), false);
  t.last().say({ websocket_pid: "app-3", at: "app-3:0" });
  assert.deepEqual([t.state().state, t.state().at], ["live", "app-3:0"]);
  assert.equal(t.socket.send({ text: "x" }), true);
  t.last().say("not json");
  assert.equal(t.frames.length, 1);
});

test("waits as long as the server asks, then opens the next", () => {
  const t = bench();
  t.last().say({ websocket_pid: "app-3", at: "app-3:0" });
  t.last().end(1012, '{"retry_ms":2000}');
  assert.deepEqual([t.state().state, t.state().until, t.state().lost], ["reconnecting", 3000, true]);
  t.pass(2999);
  assert.equal(t.sockets.length, 1);
  t.pass(1);
  assert.equal(t.sockets.length, 2);
});

test("the window grows, and shrinks only after a minute of stability", () => {
  const t = bench(), hello = { websocket_pid: "app-1", at: "app-1:0" };
  let now = 0;
  const lose = after => {
    t.pass(after);
    now += after;
    t.last().end(1006, "");
    const delay = t.state().until - now;
    t.pass(delay);
    now += delay;
    return delay;
  };
  assert.deepEqual([lose(0), lose(0), lose(0)], [7500, 15000, 15000]);
  t.last().say(hello);
  assert.equal(lose(59_000), 15000);
  t.last().say(hello);
  assert.equal(lose(60_000), 7500);
});

test("a server that closes an idle socket is not asked again until someone wants it", () => {
  const t = bench();
  t.last().say({ websocket_pid: "app-1", at: "app-1:0" });
  t.last().end(1000, "idle");
  assert.equal(t.state().state, "closed");
  t.pass(600_000);
  assert.equal(t.sockets.length, 1);
  t.socket.wake();
  assert.equal(t.sockets.length, 2);
});

test("a socket without a first frame is given up", () => {
  const t = bench();
  t.pass(10_000);
  assert.equal(t.state().state, "reconnecting");
  assert.notEqual(t.state().until, null);
});
