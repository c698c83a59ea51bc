import test from "node:test";
import assert from "node:assert/strict";
import { ACTIONS } from "../actions.js";
import { addTo, freshBurst } from "../tally.js";
import { because, explain } from "../why.js";
import { grid, message, scene } from "./world.mjs";

const door = (world, affinity, kind = "nginx") => ({ ...world, door: { kind, affinity, issuer: "proxy" } });
const why = (world, m, at, more) => {
  const b = because(scene(world, m, at, more));
  return b && [b.reason, b.op];
};
const THREE = { to: "app-1:0", at: "app-3:0" }, FOUR = { to: "app-1:0", at: "app-1:2" };
const missed = (op, { to, at }, cookies) => ({ ...message(op, to, at), cookies });

test("why a POST got where it got", () => {
  const three = a => door(grid(3, 1), a), four = a => door(grid(1, 4), a), many = a => door(grid(3, 4), a);
  /** @type {[world: object, op: string, where: object, cookies: string[] | null, reason: string][]} */
  const cases = [
    [three("cookie"), "mem-rr", THREE, [], "No cookie went along, so the front door took the next pod."],
    [three("cookie"), "mem-sticky", THREE, [], "The browser had no cookie to send, so the front door took the next pod."],
    [three("cookie"), "mem-sticky", THREE, ["c"], "A cookie went along, but it led to another pod than your socket's."],
    [three("off"), "mem-rr", THREE, [], "Affinity is off, so the front door took the next pod."],
    [three("off"), "mem-sticky", THREE, ["c"], "A cookie went along, but affinity is off: the front door took the next pod."],
    [three("off"), "mem-sticky", THREE, null, "Affinity is off, so the front door took the next pod."],
    [three("unknown"), "mem-rr", THREE, [], "No cookie went along, so nothing tied it to your socket's worker."],
    [three("cookie"), "mem-rr", THREE, null, ""],
    [four("cookie"), "mem-sticky", FOUR, ["c"], "The cookie chose the pod; the kernel chose the worker."],
    [door(grid(1, 4), "cookie", "local"), "mem-sticky", FOUR, ["c"], "The cookie chose the pod; its workers take turns."],
    [four("cookie"), "mem-rr", FOUR, [], "There is only one pod; the kernel chose the worker."],
    [four("off"), "mem-sticky", FOUR, ["c"], "There is only one pod; the kernel chose the worker."],
    [many("cookie"), "mem-rr", FOUR, [], "No cookie went along: the front door took the next pod, and the kernel chose the worker."],
    [many("unknown"), "mem-sticky", FOUR, ["c"], "It reached your socket's pod; the kernel chose the worker."],
  ];
  for (const [world, op, where, cookies, reason] of cases) assert.equal(why(world, { ...missed(op, where, cookies), affinity: world.door.affinity }, where.at)[0], reason, `${op} ${cookies} ${world.door.affinity} ${where.at}`);
});

test("a reason holds for the time of the message, a button for now", () => {
  const m = missed("mem-rr", THREE, []), now = door(grid(3, 1), "off");
  assert.deepEqual(why(now, m, "app-3:0", { cookieTo: "app-3" }), ["No cookie went along, so the front door took the next pod.", "queue"]);
});

test("the button named is one that arrives now", () => {
  const world = door(grid(3, 1), "cookie"), op = (m, more) => why(world, m, "app-3:0", more)?.[1];
  const rr = missed("mem-rr", THREE, []);
  assert.equal(op(rr), "queue", "nothing shows yet where the cookie leads");
  assert.equal(op(rr, { cookieTo: "app-3" }), "mem-sticky");
  assert.equal(op(rr, { cookieTo: "app-1" }), "queue", "the cookie leads elsewhere");
  assert.equal(op(rr, { busAway: true }), "ws");
  assert.equal(op(missed("mem-sticky", THREE, ["c"]), { cookieTo: "app-3" }), "queue", "not the one that just missed");
  assert.equal(why(door(grid(3, 1), "off"), rr, "app-3:0", { cookieTo: "app-3" })[1], "queue");
  assert.equal(why(door(grid(1, 4), "cookie"), missed("mem-rr", FOUR, []), FOUR.at, { cookieTo: "app-1" })[1], "queue", "the cookie chooses no worker");
  const refused = { ...message("queue", "app-1:0", "app-3:0"), frame: null, outcome: "missed", problem: { kind: "refused", status: 503, code: "relay-unavailable" } };
  assert.equal(op(refused, { busAway: true }), "ws");
  assert.equal(op(refused, { busAway: true, cookieTo: "app-3" }), "mem-sticky");
  assert.equal(op(message("queue", "app-1:0", null), { cookieTo: null }), "ws", "published, and no worker had subscribed");
});

test("without a socket only HTTP is named, and nothing where nothing answers", () => {
  const world = grid(3, 1), m = { ...message("mem-rr", "app-1:0", null), outcome: "missed" };
  assert.deepEqual(because(scene(world, m, null)), { reason: "", op: "http-rr", words: "needs no socket.", many: false });
  assert.equal(because(scene(world, m, null, { http: false })), null);
  const frame = { ...message("ws", null, null), frame: null, outcome: "missed", problem: { kind: "no-socket" } };
  assert.equal(because(scene(world, frame, null)), null, "nobody has asked by HTTP yet");
  assert.equal(because(scene(world, frame, null, { http: true })).op, "http-rr");
  assert.equal(because(scene(world, frame, "app-1:0")).words, "would arrive now.");
});

test("no reason is given for what no button changes, and none before the end", () => {
  const m = missed("mem-rr", THREE, []);
  assert.equal(why(grid(3, 1), { ...m, finished: false }, "app-3:0"), null);
  assert.equal(why(grid(3, 1), { ...m, problem: { kind: "network" } }, "app-3:0"), null);
  assert.equal(why(grid(3, 1), message("mem-rr", "app-3:0", "app-3:0"), "app-3:0"), null);
  assert.equal(because(scene(grid(3, 1), null, "app-3:0")), null);
});

test("twenty at once have one reason", () => {
  const shown = freshBurst("mem-rr", 2, true), of = (world, more) => because({ ...scene(world, null, "app-3:0", more), shown });
  addTo(shown, missed("mem-rr", THREE, []));
  assert.equal(of(door(grid(3, 1), "cookie")), null, "not before it is done");
  addTo(shown, { ...message("mem-rr", "app-3:0", "app-3:0"), cookies: [] });
  shown.done = true;
  assert.deepEqual([shown.arrived, shown.missed], [1, { "app-1:0": 1 }]);
  assert.deepEqual(of(door(grid(3, 1), "cookie")), { reason: "No cookie went along, so the front door took the pods in turn.", op: "queue", words: "would have arrived.", many: true });
});

test("what the buttons say follows the state", () => {
  const says = (op, world, more = {}) => explain(op, scene(world, null, "app-3:0", more)), bus = kind => ({ ...grid(3, 1), bus: { kind, fanout: "directed", state: "ok" } });
  for (const { op } of ACTIONS) {
    assert.doesNotMatch(says(op, door(grid(3, 1), "off")), /keeps you on one pod|reaches the (right )?pod|pod that holds/, op);
    assert.doesNotMatch(says(op, bus("memory")) + says(op, bus("unknown")), /redis/i, op);
    assert.doesNotMatch(says(op, grid(1, 4)), /Each pod has one worker/, op);
  }
  assert.match(says("http-sticky", door(grid(3, 1), "cookie")), /keeps you on one pod\. Each pod has one worker/);
  assert.match(says("http-sticky", door(grid(3, 1), "off")), /affinity is off/);
  assert.match(says("http-sticky", door(grid(3, 1), "unknown")), /doesn't know/);
  assert.match(says("mem-sticky", door(grid(1, 4), "cookie")), /often the wrong one of its 4 workers/);
  assert.match(says("queue", bus("redis")), /publishes it on Redis.*arrives/);
  assert.match(says("queue", bus("memory")), /publishes it on the memory bus/);
  assert.match(says("queue", bus("redis"), { busAway: true }), /can't reach Redis: a miss/);
  assert.match(says("ws", grid(3, 1), { socket: { state: "closed", opening: false, at: null } }), /no socket/);
});
