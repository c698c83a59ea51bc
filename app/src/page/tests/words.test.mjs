import test from "node:test";
import assert from "node:assert/strict";
import { caption, gone, ledger, steps } from "../words.js";
import { addTo, freshBurst } from "../tally.js";
import { joined } from "../trace.js";
import { door, grid, message, plain, scene } from "./world.mjs";

const say = (world, m, at) => plain(caption(scene(world, m, at)));
const modes = { "3x1": { world: grid(3, 1), at: "app-3:0", hit: "app-3:0", other: "app-1:0" }, "1x4": { world: grid(1, 4), at: "app-1:2", hit: "app-1:2", other: "app-1:0" } };

const HITS = {
  "http-rr": w => `POST reached ${w}; the answer came back on the same connection: arrived.`,
  "http-sticky": w => `POST with the cookie reached ${w}; the answer came back on the same connection: arrived.`,
  ws: (_w, at) => `Frame went over your socket to ${at}, which answered on the same socket: arrived.`,
  queue: (w, at) => `POST reached ${w}, which published it; ${at} received it and wrote to your socket: arrived.`,
  "mem-rr": w => `POST reached ${w}, which holds your socket and wrote to it: arrived.`,
  "mem-sticky": w => `POST with the cookie reached ${w}, which holds your socket and wrote to it: arrived.`,
};

for (const [mode, { world, at, hit, other }] of Object.entries(modes)) {
  for (const op in HITS) {
    test(`${op} hits in ${mode}`, () => assert.equal(say(world, message(op, hit, at), at), HITS[op](hit, at)));
  }
  const near = mode === "1x4" ? ", the right pod but the wrong worker" : "";
  test(`in-memory misses in ${mode}`, () => {
    assert.equal(say(world, message("mem-rr", other, at), at), `POST reached ${other}${near}; your socket is on ${at}; nothing to deliver to: missed.`);
    assert.equal(say(world, message("mem-sticky", other, at), at), `POST with the cookie reached ${other}${near}; your socket is on ${at}; nothing to deliver to: missed.`);
  });
  test(`a relay nobody listens for in ${mode}`, () => assert.equal(say(world, message("queue", other, null), null), `POST reached ${other}, which published it; no worker holds your socket right now: missed.`));
  test(`a relay from the socket's own worker in ${mode}`, () => assert.match(say(world, message("queue", hit, at), at), /which published it; .* received it/));
  for (const op of ["mem-rr", "mem-sticky"]) test(`${op} without a socket in ${mode}`, () => assert.match(say(world, message(op, other, null), null), /you have no socket right now; nothing to deliver to: missed\.$/));
  for (const op of ["http-rr", "http-sticky"]) test(`${op} missed in ${mode}`, () => assert.equal(plain(caption(scene(world, { ...message(op, other, at), http: null, outcome: "missed", problem: { kind: "network" } }, at))).endsWith("got no answer because the connection failed: missed."), true));
  test(`ws missed in ${mode}`, () => {
    const none = { ...message("ws", null, at), frame: null, outcome: "missed" };
    assert.equal(say(world, { ...none, problem: { kind: "no-socket" } }, at), "You have no socket right now, so nothing was sent: missed.");
    assert.equal(say(world, { ...none, problem: { kind: "socket-closed" } }, at), `Frame went over your socket to ${at}; the socket closed before the answer arrived: missed.`);
    assert.equal(say(world, { ...none, problem: { kind: "no-answer", seconds: 5 } }, at), "Frame went over your socket; no answer within 5 s: missed.");
  });
}

test("a relay that is not answered", () => {
  const m = { ...message("queue", "app-1:0", "app-3:0"), frame: null, outcome: "missed", problem: { kind: "no-answer", seconds: 5 } };
  assert.equal(say(grid(3, 1), m, "app-3:0"), "POST reached app-1:0, which published it; no answer within 5 s: missed.");
});

test("refusals and answers that are not the app's", () => {
  const m = { ...message("queue", "app-1:0", "app-3:0"), frame: null, outcome: "missed" }, told = { hops: [], door: [], speaker: "app-1:0" };
  assert.equal(say(grid(3, 1), { ...m, http: told, problem: { kind: "refused", status: 503, code: "relay-unavailable" } }, "app-3:0"), "POST reached app-1:0, which can't reach Redis, so it published nothing (503): missed.");
  assert.equal(say(grid(3, 1), { ...m, http: told, problem: { kind: "refused", status: 503, code: "relay-unknown" } }, "app-3:0"), "POST reached app-1:0, which got no answer from Redis and can't know whether it was published (503): missed.");
  assert.equal(say(grid(3, 1), { ...m, http: null, problem: { kind: "refused", status: 429, code: "new-here" } }, "app-3:0"), "POST was refused: the app answered with 429: missed.");
  assert.equal(say(grid(3, 1), { ...m, http: null, problem: { kind: "not-json", status: 502 } }, "app-3:0"), "POST was answered with 502 by something other than the app: missed.");
});

test("workers hidden by the server: a miss names the pod", () => {
  const m = message("mem-rr", "app-1", "app-1");
  Object.assign(m, { ...message("mem-rr", "app-1", "app-2"), socket: { live: true, at: "app-1" } });
  assert.equal(say(grid(1, 4), m, "app-1"), "POST reached app-1, the right pod but the wrong worker; your socket is on app-1; nothing to deliver to: missed.");
});

test("nothing is concluded before the message is settled", () => {
  assert.deepEqual(caption(scene(grid(3, 1), message("http-rr", "app-1:0", "app-3:0", { finished: false }), "app-3:0")), ["On its way."]);
});

test("twenty messages", () => {
  const shown = { ...freshBurst("mem-rr", 20, true), reached: { "app-10:0": 3, "app-2:0": 7, "app-1:0": 10 }, missed: { "app-10:0": 3 }, arrived: 17, cookies: { some: 0, none: 20 }, done: true, socketAt: "app-1:0" };
  assert.equal(plain(caption({ ...scene(grid(3, 1), null, "app-1:0"), shown })), "20 POSTs without a cookie reached app-1:0 10, app-2:0 7 and app-10:0 3; your socket is on app-1:0: 17 arrived, 3 missed.");
  assert.equal(plain(caption({ ...scene(grid(3, 1), null, "app-1:0"), shown: { ...shown, reached: {}, arrived: 0 } })), "20 POSTs without a cookie reached no worker: 20 missed.");
});

test("twenty messages on many workers are counted by pod", () => {
  const reached = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`app-${1 + i % 2}:${i}`, 1]));
  const shown = { ...freshBurst("http-rr", 20, true), reached: { ...reached, "app-1:0": 9 }, arrived: 20, cookies: { some: 0, none: 20 }, done: true, socketAt: "app-1:0" };
  assert.equal(plain(caption({ ...scene(grid(2, 12), null, "app-1:0"), shown })), "20 POSTs without a cookie reached app-1 14 and app-2 6; each answer came back on its own connection: 20 arrived.");
});

test("twenty messages on twenty pods: how many pods, not which", () => {
  const reached = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`app-${i}:0`, 1]));
  const shown = { ...freshBurst("mem-rr", 20, true), reached, arrived: 1, cookies: { some: 0, none: 20 }, done: true, socketAt: "app-7:0" };
  assert.equal(plain(caption({ ...scene(grid(30, 1), null, "app-7:0"), shown })), "20 POSTs without a cookie reached 20 pods; your socket is on app-7:0: 1 arrived, 19 missed.");
});

test("browser, front door and worker are one step", () => {
  const hops = joined(message("queue", "app-1:0", "app-3:0"));
  assert.deepEqual(steps(hops).map(s => [s.kind, s.hops.length]), [["post", 2], ["publish", 1], ["deliver", 1], ["push", 2]]);
});

test("the ledger names steps, and the clock where it is not the step's own", () => {
  const m = message("mem-rr", "app-1:0", "app-3:0");
  const relay = message("queue", "app-1:0", null);
  m.http.door = door("app-1:0");
  assert.deepEqual(ledger(m, joined(m), { kind: "redis" }), [
    { text: "POST, no cookie, to ", bold: "app-1:0", ms: null, clock: null },
    { text: "your socket isn't on ", bold: "app-1:0", ms: "0.02 ms", clock: null },
    { text: "HTTP answer to the ", bold: "browser", ms: "0.90 ms", clock: "front door" },
  ]);
  assert.deepEqual(ledger(relay, joined(relay), { kind: "memory" }).map(x => x.text + x.bold), ["POST, no cookie, to app-1:0", "published to the memory bus", "no subscriber for your session"]);
  assert.equal(ledger(m, joined(m), { kind: "redis" }, 1).length, 0);
  const first = cookies => ledger({ ...m, cookies }, joined(m), { kind: "redis" })[0].text;
  assert.deepEqual([null, [], ["a"]].map(first), ["POST to ", "POST, no cookie, to ", "POST, cookie sent, to "]);
});

test("what went along is said as the answer told it, and not before", () => {
  const said = (op, cookies) => say(grid(3, 1), { ...message(op, "app-3:0", "app-3:0"), cookies }, "app-3:0").split(" reached")[0];
  assert.deepEqual([null, [], ["x"]].map(c => said("mem-sticky", c)), ["POST", "POST without a cookie", "POST with the cookie"]);
  assert.deepEqual([null, [], ["x"]].map(c => said("mem-rr", c)), ["POST", "POST", "POST with the cookie"]);
  const burst = (op, some, none) => {
    const shown = { ...freshBurst(op, 20, true), reached: { "app-1:0": 20 }, arrived: 20, cookies: { some, none }, done: true };
    return plain(caption({ ...scene(grid(3, 1), null, "app-1:0"), shown })).split(" reached")[0];
  };
  assert.deepEqual([[20, 0], [0, 20], [0, 0], [12, 8]].map(x => burst("http-sticky", ...x)), ["20 POSTs with the cookie", "20 POSTs without a cookie", "20 POSTs", "20 POSTs, 12 with the cookie,"]);
});

test("the bus is away: one press and twenty say it, and the memory bus is never called Redis", () => {
  const refused = { ...message("queue", "app-1:0", "app-3:0"), frame: null, outcome: "missed", http: { hops: [], door: [], speaker: "app-1:0" }, cookies: null, problem: { kind: "refused", status: 503, code: "relay-unavailable" } };
  assert.deepEqual(ledger(refused, joined(refused), { kind: "redis" }).map(x => x.text + x.bold), ["POST to app-1:0", "no connection to Redis", "HTTP answer to the browser"]);
  const shown = { ...freshBurst("queue", 20, true), cookies: { some: 0, none: 0 }, done: true };
  for (let i = 0; i < 20; i++) addTo(shown, { ...refused, reached: i < 13 ? "app-1:0" : "app-2:0" });
  const all = world => plain(caption({ ...scene(world, null, "app-3:0"), shown }));
  assert.equal(all(grid(3, 1)), "20 POSTs reached app-1:0 13 and app-2:0 7; nothing could be published because the workers can't reach Redis: 20 missed.");
  const memory = { ...grid(3, 1), bus: { kind: "memory", fanout: "directed", state: "down" } };
  assert.doesNotMatch(all(memory) + say(memory, refused, "app-3:0"), /redis/i);
});

test("nothing answers any more: the page speaks of what was", () => {
  const state = (http, at = null) => scene(grid(3, 1), null, at, { http, was: "app-2:0", socket: { state: "reconnecting", opening: true, at, words: "opening again", until: null } });
  assert.equal(plain(caption(state(false))), "Your socket was on app-2:0. Nothing answers any more; the map shows what was there last.");
  assert.equal(plain(caption(state(null))), "Opening your socket.");
  assert.deepEqual([state(false), state(true), state(null)].map(gone), [true, false, false]);
});

test("without a socket, the page says of HTTP only what an answer shows", () => {
  const idle = (state, http) => plain(caption(scene(grid(3, 1), null, null, { http, socket: { state, opening: false, at: null, words: "connection lost", until: null } })));
  assert.equal(idle("reconnecting", null), "Your socket is closed. The page will open a new one.");
  assert.equal(idle("reconnecting", true), "Your socket is closed. The page will open a new one; HTTP still works.");
  assert.equal(idle("closed", null), "Your socket is closed. The next press opens a new one.");
});
