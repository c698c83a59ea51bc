import test from "node:test";
import assert from "node:assert/strict";
import { createAsker } from "../case-ask.js";
import { bar, runsOf, versionsOf } from "../case-bar.js";
import { PIECES, missedAt, nextOf, noCursor, opened, piecesOf, received, seen, sources } from "../case-cursor.js";
import { coldOf, dots, onScale, rowsOf } from "../case-dots.js";
import { colours } from "../case-panel.js";
import { askInTurn, oneAtATime } from "../case-run.js";
import { changesOf, failedWords, noCursorWords, openedWords, pieceWords, relayWords, restWords, stayWords, useWords, usesWords } from "../case-words.js";
import { caption, ledger } from "../words.js";
import { draw } from "../draw.js";
import { resolve } from "../topology.js";
import { joined } from "../trace.js";
import { grid, plain, scene } from "./world.mjs";

const ID = "k7q3mzabcdefghijklmnopqrst";
const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const hops = (w, ...more) => [{ from: "door", to: w, kind: "post", at_us: 0, by: w }, ...more, { from: w, to: "door", kind: "answer", at_us: 60, by: w }];
const none = w => json({ text: `[${w}] no cursor of yours here`, at: w, pieces: 12, piece: null, trace: { hops: hops(w, { from: w, to: null, kind: "miss", at_us: 9, by: w }) } });

function desk(answer, { world = grid(3, 1), expose = "full" } = {}) {
  const t = { calls: [], lines: [], now: 0, changed: 0 };
  t.ask = createAsker({
    clientId: ID, expose, socket: () => ({ live: true, at: "app-3:0" }), affinity: () => "cookie", resolve: id => resolve(world, id), log: line => t.lines.push(line),
    changed: () => { t.changed++; },
    fetch: async (url, options) => {
      t.calls.push({ url, ...options });
      const said = await answer(url, options);
      t.now += 7;
      return said;
    },
    random: bytes => bytes.fill(t.calls.length), clock: () => t.now,
  });
  return t;
}
async function asked(answer, op, after, more, set) {
  const t = desk(answer, set), m = t.ask(op, after, more);
  await m.whenFinished;
  return { ...t, m };
}
const miss = { missed: x => x.piece === null };

test("each request goes to its route, with or without cookies, and is traced", async () => {
  const t = desk(() => json({ text: "[app-1] x" }));
  const all = [["piece-sticky", "?from=0"], ["piece-rr", "/next"], ["relay", "/relay?from=4"], ["model-sticky"], ["model-rr"], ["canary-sticky"], ["canary-rr"]].map(x => t.ask(...x));
  await Promise.all(all.map(m => m.whenFinished));
  assert.deepEqual(t.calls.map(c => [c.method, c.url, c.credentials]), [
    ["POST", `download/${ID}?from=0`, "same-origin"], ["POST", `download/${ID}/next`, "omit"], ["POST", `download/${ID}/relay?from=4`, "same-origin"],
    ["POST", `model/${ID}`, "same-origin"], ["POST", `model/${ID}`, "omit"], ["GET", "whoami", "same-origin"], ["GET", "whoami", "omit"]]);
  for (const c of t.calls) assert.match(c.headers["X-Sticky-Trace"], /^[a-z2-7]{16}$/);
  assert.ok(!JSON.stringify(t.lines).includes(ID));
});

test("an answer is timed by the browser and names its worker", async () => {
  const { m } = await asked(() => json({ text: "[app-2] warm", at: "app-2", cold: false, trace: { hops: hops("app-2:0") } }), "model-sticky");
  assert.deepEqual([m.reached, m.took, m.outcome, m.json.cold], ["app-2:0", 7, "arrived", false]);
  assert.deepEqual(joined(m).map(h => h.kind + ">" + h.to), ["post>door", "post>app-2:0", "answer>door", "answer>browser"]);
});

test("whoami traces nothing, so its hops come from the door or from the worker's name", async () => {
  const body = { pod: "app-1", worker: 0, version: "0.1.0" }, headers = { "X-Sticky-Pod": "app-1", "X-Sticky-Worker": "0" };
  const plainOne = await asked(() => json(body, 200, headers), "canary-rr");
  assert.deepEqual(joined(plainOne.m).map(h => [h.from, h.to, h.at_us]), [["browser", "door", null], ["door", "app-1:0", null], ["app-1:0", "door", null], ["door", "browser", null]]);
  const told = JSON.stringify([{ from: "door", to: "app-1:0", kind: "post", at_us: 5, by: "door" }, { from: "app-1:0", to: "door", kind: "answer", at_us: 400, by: "door" }]);
  const timed = await asked(() => json(body, 200, { ...headers, "X-Sticky-Door": told }), "canary-rr");
  assert.equal(joined(timed.m).at(-2).at_us, 400);
  assert.equal(plainOne.lines[0].text, "[app-1:0] version 0.1.0");
});

test("where the server hides its pods, nothing is named", async () => {
  const { m, lines } = await asked(() => json({ text: "[app] warm", cold: false, cookies: ["sticky"] }), "model-sticky", "", {}, { expose: "off" });
  assert.deepEqual([m.reached, joined(m), lines[0].who], [null, [], null]);
  assert.equal(plain(useWords(m)), "POST with the cookie reached a worker, where your model was warm, and took 7.0 ms: arrived.");
});

test("a missing cursor is a miss on the map, with a word of its own", async () => {
  const { m, lines } = await asked(() => none("app-1:0"), "piece-rr", "/next", miss), cursor = opened("app-3:0");
  assert.equal(m.outcome, "missed");
  assert.ok(lines[0].missed);
  m.said = noCursorWords(m, cursor);
  assert.equal(plain(m.said), "POST reached app-1:0; your cursor is on app-3:0: missed.");
  const shown = { kind: "trace", m, hops: joined(m), done: 5, drops: [] }, state = scene(grid(3, 1), null, "app-3:0", { shown });
  assert.equal(plain(caption(state)), plain(m.said));
  assert.ok(ledger(m, shown.hops, state.world.bus).some(x => x.text + x.bold === "no cursor of yours on app-1:0"));
  const text = JSON.stringify(draw(state));
  assert.ok(text.includes("no cursor of yours") && text.includes("app-1:0>:miss"), text);
});

test("a miss at the worker with the socket leaves the socket alone", async () => {
  const { m } = await asked(() => none("app-3:0"), "piece-rr", "/next", miss);
  const at = who => JSON.stringify(draw(scene(grid(3, 1), null, who, { shown: { kind: "trace", m, hops: joined(m), done: 5, drops: [] } }))).match(/"class":"missed","d":"(M[\d.]+ [\d.]+)/)[1];
  assert.notEqual(at("app-3:0"), at("app-1:0"), "the cross is not on the plug");
});

test("every failure has a sentence, a log line and no exception", async () => {
  const cases = [
    [() => json({ error: { code: "relay-unavailable", message: "down" } }, 503), /can't reach Redis, so it published nothing \(503\): missed/],
    [() => json({ error: { code: "busy" } }, 503), /too busy/],
    [() => json({ error: { code: "not-found" } }, 404), /answered with 404/],
    [() => new Response("<html>", { status: 502 }), /502 by something other than the app/],
    [() => new Response("7"), /200 by something other than the app/],
    [() => Promise.reject(new TypeError("failed")), /connection failed/],
  ];
  for (const [answer, words] of cases) {
    const { m, lines } = await asked(answer, "relay", "/relay?from=0");
    assert.equal(m.outcome, "missed");
    assert.match(plain(failedWords(m, "Redis")), words);
    assert.ok(lines.length === 1 && lines[0].missed);
  }
});

test("a stopped request says nothing and counts for nothing", async () => {
  const stop = new AbortController(), t = desk((_url, { signal }) => new Promise((_, no) => signal.addEventListener("abort", () => no(signal.reason))));
  const m = t.ask("model-sticky", "", { signal: stop.signal, heard: () => assert.fail("heard") });
  stop.abort();
  await m.whenFinished;
  assert.deepEqual([m.stopped, m.outcome, t.lines], [true, null, []]);
});

test("a request is described before anybody sees that it is finished", async () => {
  const t = desk(() => json({ text: "[app-1] x" })), seenBy = [];
  const m = t.ask("model-sticky", "", { heard: x => seenBy.push(x.finished, x.outcome) });
  await m.whenFinished;
  assert.deepEqual([seenBy, m.finished, t.changed], [[false, "arrived"], true, 2]);
});

test("twenty in turn: one at a time, ended by three failures in a row or by a stop", async () => {
  let at = 0, most = 0, n = 0;
  const t = desk(async () => {
    most = Math.max(most, ++at);
    await new Promise(done => setTimeout(done, 1));
    at--;
    return n++ % 4 === 3 ? json({ error: { code: "busy" } }, 503) : json({ text: "[app-1] x" });
  });
  const run = async (ask, signal = new AbortController().signal, heard = () => {}) => {
    let count = 0;
    await askInTurn(20, signal, ask, m => {
      count++;
      return heard(m, count);
    });
    return count;
  };
  assert.equal(await run(() => t.ask("model-sticky")), 20);
  assert.equal(most, 1);
  const broken = desk(() => Promise.reject(new TypeError("x")));
  assert.equal(await run(() => broken.ask("model-sticky")), 3);
  const stop = new AbortController();
  assert.equal(await run(() => t.ask("model-sticky", "", { signal: stop.signal }), stop.signal, (_m, count) => {
    if (count === 5) stop.abort();
  }), 5);
  assert.equal(await run(() => t.ask("model-sticky"), undefined, (_m, count) => count < 2), 2);
});

test("single requests queue, many refuse everything else", async () => {
  const jobs = oneAtATime(), order = [];
  const slow = name => async () => {
    order.push(name + " begins");
    await new Promise(done => setTimeout(done, 2));
    order.push(name + " ends");
  };
  await Promise.all([jobs.single(slow("a")), jobs.run(slow("refused")), jobs.single(slow("b"))]);
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  const many = jobs.run(signal => new Promise(done => signal.addEventListener("abort", done)));
  await jobs.single(slow("refused"));
  assert.ok(jobs.busy() && jobs.many());
  jobs.stop();
  await many;
  assert.ok(!jobs.busy() && order.length === 4);
  await assert.rejects(jobs.single(() => Promise.reject(new Error("x"))));
  await jobs.single(slow("c"));
  assert.equal(order.at(-1), "c ends", "a failed job blocks nothing");
});

test("a cursor: pieces come in, from HTTP or over the socket", () => {
  let c = opened("app-1:0");
  c = received(c, 0, { by: "app-1:0", way: "http" });
  c = received(c, 1, { by: "app-1:0", way: "http" });
  assert.deepEqual([nextOf(c), piecesOf(c), c.open, sources(c)], [2, 2, true, [["app-1:0", 2]]]);
  c = missedAt(c, "app-2:0");
  assert.deepEqual([c.misses, c.missed, c.gone, c.at], [1, true, false, "app-1:0"]);
  c = missedAt(c, "app-1:0");
  assert.ok(c.gone, "the worker that had it has none");
  for (let k = 2; k < PIECES; k++) c = received(c, k, { by: "app-3:0", way: "ws" });
  assert.deepEqual([piecesOf(c), c.open, c.at, nextOf(c)], [12, false, "app-1:0", 12]);
});

test("a cursor is gone with its pod, and with its worker", () => {
  const c = opened("app-3:0");
  assert.equal(seen(c, grid(3, 1)).gone, false);
  assert.equal(seen(c, grid(2, 1)).gone, true);
  assert.equal(seen(opened("app-1:3"), grid(1, 2)).gone, true);
  assert.equal(seen(noCursor(), grid(1, 1)).gone, false, "nothing to lose");
  assert.equal(seen(c, { ...grid(1, 1), known: false }).gone, false);
});

const countsOf = list => list.reduce((all, by) => ({ ...all, [by]: (all[by] ?? 0) + 1 }), {});
const cookiesOf = op => (op.endsWith("rr") ? [] : ["sticky"]);
const many = (op, by, failed = 0) => ({ op, n: by.length + failed, reached: countsOf(by), cookies: { some: cookiesOf(op).length * by.length, none: (1 - cookiesOf(op).length) * by.length } });
const m = (op, reached, more = {}) => ({ op, reached, cookies: cookiesOf(op), http: { hops: [], door: [], speaker: reached }, frame: null, json: {}, took: 6, problem: null, socket: { live: true, at: reached }, ...more });

test("sentences of the download end in the outcome", () => {
  const c = opened("app-1:0");
  assert.equal(plain(openedWords(m("piece-sticky", "app-1:0"))), "POST with the cookie reached app-1:0, which opened a cursor for you at piece 1: arrived.");
  assert.equal(plain(pieceWords(m("piece-sticky", "app-1:0"), c, 4)), "POST with the cookie reached app-1:0, which holds your cursor and sent piece 5: arrived.");
  assert.match(plain(pieceWords(m("piece-sticky", "app-1:0"), c, 11)), /piece 12, the last: arrived/);
  assert.match(plain(noCursorWords(m("piece-sticky", "app-1:2"), c)), /app-1:2, the right pod but the wrong worker; your cursor is on app-1:0: missed/);
  assert.match(plain(noCursorWords(m("piece-sticky", "app-1:0"), c)), /which no longer has your cursor: missed/);
  assert.match(plain(noCursorWords(m("piece-sticky", "app-2:0"), { ...c, gone: true })), /your cursor was on app-1:0 and went with it: missed/);
  assert.match(plain(noCursorWords(m("piece-sticky", null), opened(null))), /reached a worker, which has no cursor of yours: missed/);
  assert.equal(plain(restWords(many("piece-sticky", [...Array(3).fill("app-1:0"), ...Array(5).fill("app-1:1")]), 3, 5, 0)), "8 POSTs with the cookie reached app-1:0 3 and app-1:1 5: 3 pieces arrived, 5 missed.");
});

test("sentences of the relay: all, some, none", () => {
  const w = m("relay", "app-2:0");
  assert.match(plain(relayWords(w, 7, 7, "app-3:0", true)), /published 7 pieces; app-3:0 wrote them to your socket: 7 arrived\.$/);
  assert.match(plain(relayWords(w, 7, 5, null, true)), /5 arrived, 2 missed\.$/);
  assert.match(plain(relayWords(w, 7, 0, null, true)), /none came within 5 s: missed\.$/);
  assert.match(plain(relayWords(w, 7, 0, null, false)), /no worker holds your socket right now: missed\.$/);
});

test("sentences of the model say why it was cold", () => {
  const of = (op, by, cold, failed = 0) => plain(usesWords(many(op, by, failed), cold, failed));
  assert.equal(of("model-sticky", Array(20).fill("app-2:0"), 1), "20 POSTs with the cookie reached app-2:0, which loaded your model once and kept it: 1 cold of 20.");
  assert.match(of("model-rr", ["app-1:0", "app-2:0", "app-3:0"], 3), /reached app-1:0 1, app-2:0 1 and app-3:0 1; each loaded your model for itself: 3 cold of 3\.$/);
  assert.match(of("model-sticky", ["app-1:0", "app-1:1", "app-1:2"], 3), /the cookie can't choose a worker, and each loaded your model for itself: 3 cold of 3/);
  assert.match(of("model-sticky", ["app-1:0", "app-1:1"], 0), /your model was warm there already: 0 cold of 2/);
  assert.match(of("model-rr", ["app-1:0", "app-2:0"], 1), /1 of them had to load your model: 1 cold of 2/);
  assert.match(of("model-sticky", ["app-1:0"], 1, 2), /1 cold of 1, 2 failed\.$/);
  assert.match(plain(useWords(m("model-sticky", "app-1:0", { json: { cold: true }, took: 812 }))), /had to load your model first and took 812 ms: arrived/);
});

test("sentences of the canary count changes of version, not of pods", () => {
  const of = (op, by, versions, failed = 0) => plain(stayWords(many(op, by, failed), versions, failed));
  assert.equal(of("canary-sticky", Array(20).fill("app-4:0"), Array(20).fill("0.1.0-canary")), "20 GETs with the cookie reached app-4:0: 20 of 20 on 0.1.0-canary.");
  assert.match(of("canary-rr", ["app-1:0", "app-2:0"], ["1", "1"]), /: 2 of 2 on 1\.$/);
  assert.match(of("canary-rr", ["app-1:0", "app-4:0", "app-1:0"], ["1", "2", "1"]), /: changed version 2 times\.$/);
  assert.match(of("canary-rr", ["app-1:0", "app-4:0"], ["1", "2"], 3), /: changed version once, 3 failed\.$/);
  assert.match(of("canary-rr", [], [null, null]), /: no version named\.$/);
  assert.equal(changesOf(["a", "a", "b", "a"]), 2);
});

test("a bar is unbroken where a session stays, and has a tick at each change", () => {
  const stay = (pod, version) => ({ pod, version }), slot = pod => (pod ? 2 : null);
  const of = stays => JSON.stringify(bar(stays, 20, 360, slot));
  const still = of(Array(20).fill(stay("app-4", "0.1.0-canary")));
  assert.equal(still.match(/data-run/g).length, 1);
  assert.ok(!still.includes("case-tick") && still.includes("0.1.0-canary"));
  const moved = of([...Array(5).fill(stay("app-1", "0.1.0")), ...Array(5).fill(stay("app-2", "0.1.0")), ...Array(10).fill(stay("app-4", "0.1.0-canary"))]);
  assert.equal(moved.match(/"case-tick"/g).length, 1, "a change of pod");
  assert.equal(moved.match(/case-tick moved/g).length, 1, "a change of version");
  assert.equal(moved.match(/"case-m"/g).length, 2, "each version is written once");
  const narrow = of([stay("app-10", "0.1.0"), stay("app-4", "0.1.0-canary"), ...Array(8).fill(stay("app-2", "0.1.0"))]);
  assert.ok(!narrow.includes("case-m"), "none where not all have room");
  assert.deepEqual(versionsOf([stay("app-10", "0.1.0"), stay("app-4", "0.1.0-canary"), stay("app-2", "0.1.0"), stay(null, null)]), [{ version: "0.1.0", pods: ["app-2", "app-10"] }, { version: "0.1.0-canary", pods: ["app-4"] }]);
  assert.ok(of([]).includes("no answers yet"));
  assert.equal(runsOf([stay("a", "1"), stay("b", "1")], (x, y) => x.version === y.version).length, 1);
});

test("dots stand by worker on a log scale, or by pod where there are many", () => {
  const use = (by, ms, cold = false) => ({ by, ms, cold });
  assert.deepEqual(rowsOf([use("app-1:0", 5), use("app-1:1", 5), use("app-1:0", 5)]).map(r => [r.name, r.uses.length]), [["app-1:0", 2], ["app-1:1", 1]]);
  const pods = Array.from({ length: 20 }, (_, i) => use(`app-${i}:0`, 5)), rows = rowsOf(pods);
  assert.deepEqual([rows.length, rows.at(-1).name, rows.at(-1).uses.length], [6, "15 more", 15]);
  assert.deepEqual(rowsOf(Array.from({ length: 8 }, (_, i) => use(`app-1:${i}`, 5))).map(r => r.name), ["app-1"]);
  assert.ok(onScale(0) === 0 && onScale(1e9) === 1 && onScale(800) > .85 && onScale(5) < .25);
  assert.equal(coldOf([use("a", 800, true), use("a", 5)]), 1);
  const text = JSON.stringify(dots([use("app-1:0", 800, true), use("app-1:0", 5)], 360, () => 1));
  assert.match(text, /app-1:0: 2 answers, 1 cold/);
  for (const width of [280, 360, 700]) for (const x of JSON.stringify(dots(pods, width, () => 1)).matchAll(/"cx":"([\d.]+)"/g)) assert.ok(+x[1] > 0 && +x[1] < width);
});

test("where pods have several versions, the map names them", () => {
  for (const n of [3, 8]) {
    const world = grid(n, 1), mixed = { ...world, pods: world.pods.map((p, i) => ({ ...p, version: i ? "0.1.0" : "0.1.0-canary" })) };
    const text = pods => JSON.stringify(draw(scene({ ...world, pods }, null, "app-2:0")));
    assert.ok(text(mixed.pods).includes("0.1.0-canary") && text(mixed.pods).includes('"0.1.0"'), `${n} pods`);
    assert.ok(!text(mixed.pods.map(p => ({ ...p, version: "0.1.0" }))).includes("0.1.0"), "none where all have the same");
  }
});

test("a pod that is gone keeps its colour", () => {
  const state = { world: grid(3, 1) }, colour = colours(state);
  assert.deepEqual([colour("app-3:0"), colour("app-9:0"), colour(null)], [3, null, null]);
  state.world = grid(2, 1);
  assert.deepEqual([colour("app-3:0"), colour("app-3")], [3, 3]);
});
