import test from "node:test";
import assert from "node:assert/strict";
import { createSender } from "../send.js";
import { freshScores } from "../tally.js";
import { joined } from "../trace.js";
import { resolve } from "../topology.js";
import { grid, said } from "./world.mjs";

const ID = "k7q3mzabcdefghijklmnopqrst";

function bench({ answer, live = true, expose = "full" } = {}) {
  const t = { scores: freshScores(), lines: [], frames: [], calls: [], timers: [], live, ids: 0 };
  t.sender = createSender({
    clientId: ID, expose, scores: () => t.scores, socket: () => ({ live: t.live, at: t.live ? "app-3:0" : null }),
    affinity: () => "cookie", sendFrame: f => t.live && Boolean(t.frames.push(f)), resolve: id => resolve(grid(3, 1), id), log: line => t.lines.push(line), changed() {},
    fetch: async (url, options) => {
      t.calls.push({ url, ...options });
      return answer(url, options);
    },
    random: bytes => bytes.fill(t.ids++),
    setTimeout: f => t.timers.push(f) - 1, clearTimeout: i => { if (i !== null) t.timers[i] = null; },
  });
  t.late = () => t.timers.splice(0).forEach(f => f?.());
  return t;
}
const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const tick = () => new Promise(done => setTimeout(done, 5));
const score = (t, op) => [t.scores[op].sent, t.scores[op].arrived, t.scores[op].missed];
const relayed = (_url, o) => json({ text: "[app-1] publishing to redis", receivers: 1, trace: { id: o.headers["X-Sticky-Trace"], hops: said("queue", "app-1:0", "app-3:0").http } });
const reply = m => ({ text: "[app-3]  hello", idempotency_key: m.id, trace: { id: m.id, hops: said("queue", "app-1:0", "app-3:0").frame } });

test("only the sticky buttons send cookies", async () => {
  const t = bench({ answer: () => json({ text: "[app-1]  hello" }) });
  for (const op of ["http-rr", "http-sticky", "queue", "mem-rr", "mem-sticky"]) t.sender.send(op, "hello");
  assert.deepEqual(t.calls.map(c => [c.url, c.credentials]), [["submit", "omit"], ["submit", "same-origin"], ["with-redis", "omit"], ["without-redis", "omit"], ["without-redis", "same-origin"]].map(([r, c]) => [`${r}/${ID}`, c]));
  for (const c of t.calls) assert.match(c.headers["X-Sticky-Trace"], /^[A-Za-z0-9_-]{1,32}$/);
  await tick();
});

test("a relay arrives with its frame, whichever half comes first", async () => {
  for (const early of [true, false]) {
    const t = bench({ answer: relayed }), m = t.sender.send("queue", "hello");
    if (!early) await tick();
    t.sender.heard(reply(m));
    await m.whenFinished;
    assert.deepEqual(score(t, "queue"), [1, 1, 0]);
    assert.equal(joined(m).length, 6);
    assert.deepEqual(t.scores.queue.by, { "app-1:0": 1 });
  }
});

test("a relay that doesn't come is missed once, and a late frame changes nothing", async () => {
  const t = bench({ answer: relayed }), m = t.sender.send("queue", "hello");
  await tick();
  t.late();
  await m.whenFinished;
  assert.deepEqual(m.problem, { kind: "no-answer", seconds: 5 });
  t.sender.heard(reply(m));
  assert.deepEqual(score(t, "queue"), [1, 0, 1]);
  assert.equal(t.lines.at(-1).proto, "ws");
});

test("no receiver is a miss at once", async () => {
  const t = bench({ answer: url => json(url.startsWith("with-redis") ? { text: "[app-1] publishing to redis", receivers: 0 } : { text: `[app-1] no connection to ${ID}`, delivered: 0 }) });
  await Promise.all(["queue", "mem-rr"].map(op => t.sender.send(op, "x").whenFinished));
  assert.deepEqual([score(t, "queue"), score(t, "mem-rr")], [[1, 0, 1], [1, 0, 1]]);
  assert.ok(t.lines.some(l => l.text === "[app-1] no connection to k7q3mz" && l.missed));
  assert.ok(!JSON.stringify(t.lines).includes(ID));
});

test("errors are misses with a log line, never exceptions", async () => {
  const cases = [
    [() => json({ error: { code: "busy", message: "later" } }, 503, { "Retry-After": "1" }), "refused"],
    [() => json({ error: { code: "too-many-sessions", message: `no more ${ID}` } }, 429), "refused"],
    [() => json({ error: { code: "too-large", message: "big" } }, 413), "refused"],
    [() => json({ error: null }, 500), "refused"],
    [() => new Response("<html>", { status: 502 }), "not-json"],
    [() => new Response("7"), "not-json"],
    [() => Promise.reject(new TypeError("failed")), "network"],
    [() => Promise.reject(new DOMException("slow", "TimeoutError")), "no-answer"],
  ];
  for (const [answer, kind] of cases) {
    for (const op of ["http-rr", "queue", "mem-sticky"]) {
      const t = bench({ answer }), m = t.sender.send(op, "x");
      await m.whenFinished;
      assert.equal(m.problem.kind, kind);
      assert.deepEqual(score(t, op), [1, 0, 1]);
      assert.equal(t.lines.length, 1);
      assert.ok(t.lines[0].missed && !t.lines[0].text.includes(ID));
    }
  }
});

test("no socket: nothing is sent, and that is a miss", () => {
  const t = bench({ live: false });
  assert.equal(t.sender.send("ws", "x").problem.kind, "no-socket");
  assert.deepEqual(score(t, "ws"), [1, 0, 1]);
});

test("a socket that closes loses its frames, but relays may still arrive", async () => {
  const t = bench({ answer: relayed }), frames = Array.from({ length: 5 }, () => t.sender.send("ws", "hello")), relay = t.sender.send("queue", "hello");
  await tick();
  for (const m of frames.slice(0, 2)) t.sender.heard({ text: "[app-3]  hello", idempotency_key: m.id, trace: { id: m.id, hops: said("ws", null, "app-3:0").frame } });
  t.sender.socketLost();
  assert.deepEqual(score(t, "ws"), [5, 2, 3]);
  assert.equal(t.sender.busy(), 1);
  t.sender.heard(reply(relay));
  await relay.whenFinished;
  assert.deepEqual([score(t, "queue"), t.sender.busy()], [[1, 1, 0], 0]);
});

test("a message has one key in its request, its frame and its reply", async () => {
  const t = bench({ expose: "off", answer: () => json({ text: "[app] publishing to redis", receivers: 1 }) });
  const [first, second] = [t.sender.send("queue", "a"), t.sender.send("queue", "a")], frame = t.sender.send("ws", "a");
  await tick();
  assert.deepEqual(t.calls.map(c => c.headers["Idempotency-Key"]), [first.id, second.id]);
  assert.equal(t.frames[0].idempotency_key, frame.id);
  t.sender.heard({ text: "[app]  a", idempotency_key: second.id });
  await second.whenFinished;
  for (const stranger of [{ text: "[app]  a" }, { text: "[app]  a", idempotency_key: "other" }]) t.sender.heard(stranger);
  assert.deepEqual([first.outcome, frame.outcome], [null, null], "not the one that has waited longest, nor one that somebody else sent");
  for (const m of [frame, first, first]) t.sender.heard({ text: "[app]  a", idempotency_key: m.id });
  await Promise.all([frame.whenFinished, first.whenFinished]);
  assert.deepEqual([score(t, "queue"), score(t, "ws")], [[2, 2, 0], [1, 1, 0]]);
  assert.deepEqual(t.scores.queue.by, {}, "nothing is shown of who answered");
});

test("an error frame belongs to the oldest pending frame", () => {
  const t = bench(), [a, b] = [t.sender.send("ws", "x"), t.sender.send("ws", "y")];
  t.sender.refusedFrame({ code: "too-large", message: "text too long" });
  assert.deepEqual([a.outcome, b.outcome], ["missed", null]);
  t.sender.refusedFrame({});
  t.sender.refusedFrame({});
  assert.deepEqual(score(t, "ws"), [2, 0, 2]);
});

test("many at once: every message ends once", async () => {
  let n = 0;
  const t = bench({ answer: async (url, o) => {
    await new Promise(done => setTimeout(done, n++ % 7));
    return n % 5 ? relayed(url, o) : json({ error: { code: "busy" } }, 503);
  } });
  const all = Array.from({ length: 60 }, (_, i) => t.sender.send(i % 3 ? "queue" : "ws", "hello"));
  all.forEach((m, i) => setTimeout(() => i % 4 && t.sender.heard(reply(m)), i % 11));
  setTimeout(t.sender.socketLost, 6);
  await new Promise(done => setTimeout(done, 60));
  t.late();
  await Promise.all(all.map(m => m.whenFinished));
  for (const op of ["queue", "ws"]) assert.equal(t.scores[op].arrived + t.scores[op].missed, t.scores[op].sent);
  assert.equal(t.sender.busy(), 0);
});

test("after a reset, pending messages count for the old scores", async () => {
  const t = bench({ answer: relayed }), m = t.sender.send("queue", "hello"), old = t.scores;
  t.scores = freshScores();
  t.sender.heard(reply(m));
  await m.whenFinished;
  assert.deepEqual([old.queue.arrived, score(t, "queue")], [1, [0, 0, 0]]);
});

test("what went along is what the answer names", async () => {
  const cases = [[["sticky", "x"], ["sticky", "x"]], [[], []], [undefined, null], ["sticky", null], [[1, "x"], ["x"]]];
  for (const [cookies, known] of cases) {
    const t = bench({ answer: () => json({ text: "[app-1]  hello", cookies }) }), m = t.sender.send("http-sticky", "hello");
    assert.equal(m.cookies, null, "not before the answer");
    await m.whenFinished;
    assert.deepEqual(m.cookies, known);
  }
});
