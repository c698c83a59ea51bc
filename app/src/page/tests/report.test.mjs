import test from "node:test";
import assert from "node:assert/strict";
import { meaning } from "../../../../stickyctl/src/verify/report/html/bounds.js";
import { step } from "../../../../stickyctl/src/verify/report/html/figure.js";
import { Pods } from "../../../../stickyctl/src/verify/report/html/pods.js";
import { hasMoved, isForced, rounds, rows } from "../../../../stickyctl/src/verify/report/html/rows.js";
import { count, moment, percent, seconds } from "../../../../stickyctl/src/verify/report/html/text.js";

// A session from its pods, one letter a request; "-" is an answer without a pod, a capital a forced move.
const session = (id, pods) => ({
  id,
  requests: [...pods].map((letter, round) => {
    const pod = letter === "-" ? undefined : letter.toLowerCase(), home = pods[0].toLowerCase();
    return { round, at_ms: round, pod, moved: pod === undefined || pod === home ? undefined : letter === pod ? "unknown" : "forced" };
  }),
});
const report = (sessions, more = {}) => ({
  sessions, controls: [], pods: ["a", "b", "c"].map(pod => ({ pod })), verdict: "sticky", forced_moves: 0, changes: 0, moved_requests: { seen: 0, of: 360, least: 0, most: .0083 }, ...more,
});
const runs = row => row.runs.map(run => `${run.pod ?? "-"}${run.from}${run.to}${run.change ? "!" : ""}`).join(" ");

test("a session is a row of runs, and a silent answer is no change", () => {
  const row = pods => runs(rows(report([session("s1", pods)]), 12).rows[0]);
  assert.equal(row("aaaa"), "a03");
  assert.equal(row("aabba"), "a01 b23! a44!");
  assert.equal(row("aa-ab"), "a01 -22 a33 b44!");
  assert.equal(row("-ab"), "-00 a11 b22!");
});

test("rows stand by their first pod, then by name", () => {
  const { rows: found, of } = rows(report([session("s10", "bb"), session("s2", "bb"), session("s3", "ab"), { id: "s4", requests: [] }, session("s5", "-a")]), 12);
  assert.deepEqual(found.map(row => [row.id, row.home]), [["s3", "a"], ["s5", "a"], ["s2", "b"], ["s10", "b"]]);
  assert.equal(of, 4);
});

test("of too many sessions those that moved are kept", () => {
  const many = Array.from({ length: 300 }, (_, i) => session(`s${i}`, i < 290 ? "aa" : "ab"));
  const found = rows(report(many), 12);
  assert.deepEqual([found.rows.length, found.of, found.rows.filter(row => row.moved).length], [200, 300, 10]);
});

test("forced moves are counted apart", () => {
  const [row] = rows(report([session("s1", "aBBc")]), 12).rows;
  assert.deepEqual([row.moved, row.forced], [1, 2]);
  assert.deepEqual(session("s1", "aBc").requests.map(request => [isForced(request), hasMoved(request)]), [[false, false], [true, false], [false, true]]);
});

test("rounds are counted over sessions and controls", () => {
  assert.equal(rounds(report([session("s1", "aaa"), { id: "s2", requests: [] }], { controls: [{ round: 4 }] })), 5);
  assert.equal(rounds(report([])), 0);
});

test("what the bounds mean depends on the verdict", () => {
  const moved = { seen: 3, of: 360, least: .001, most: .02 };
  assert.match(meaning(report([])), /If 0\.83% or more of the requests leaked, a run like this would show it 19 times in 20\.$/);
  assert.match(meaning(report([], { moved_requests: moved, changes: 1 })), /the pod changed once\.$/);
  assert.match(meaning(report([], { moved_requests: moved, changes: 1200, forced_moves: 2 })), /^2 forced moves are not counted: .* changed 1,200 times\.$/);
  assert.match(meaning(report([], { verdict: "inconclusive", pods: [{ pod: "a" }] })), /sticky or not/);
  assert.match(meaning(report([], { verdict: "inconclusive" })), /verdict is open/);
  assert.match(meaning(report([], { moved_requests: { ...moved, of: 0 } })), /No session/);
});

test("numbers, times and steps", () => {
  assert.deepEqual([count(1, "move"), count(0, "move"), count(1234, "move")], ["1 move", "0 moves", "1,234 moves"]);
  assert.deepEqual([0, .0083, .613, 1].map(percent), ["0.00%", "0.83%", "61.3%", "100%"]);
  assert.deepEqual([20, 21_400, 120_000].map(seconds), ["0.02 s", "21.4 s", "120 s"]);
  assert.equal(moment("2026-11-25T14:02:07Z"), "25 Nov 2026, 14:02:07 UTC");
  assert.equal(moment("yesterday"), "yesterday");
  assert.deepEqual([.03, 1, 3, 70].map(step).map(value => +value.toFixed(4)), [.05, 1, 5, 100]);
});

test("names of pods fit, and no two read alike", () => {
  const names = ["x2x4z", "q9w8e", "k3j5h"].map(end => `sticky-app-6c9d8f7b54-${end}`), pods = new Pods(names.map(pod => ({ pod })));
  assert.equal(pods.head, "sticky-app-6c9d8f7b54-");
  assert.deepEqual(names.map(name => pods.shorten(name)), ["…x2x4z", "…q9w8e", "…k3j5h"]);
  assert.equal(pods.brief(`${names[0]} is ready`, 1000), "…x2x4z is ready");
  const alike = new Pods([{ pod: "a".repeat(30) }, { pod: "a".repeat(31) }]);
  assert.equal(new Set(alike.short).size, 2);
});

test("colour and pattern tell six pods apart, and 36 by the pair", () => {
  const names = Array.from({ length: 36 }, (_, i) => `p${i}`), pods = new Pods(names.map(pod => ({ pod })));
  assert.equal(new Set(names.map(name => `${pods.colour(name)} ${pods.pattern(name)}`)).size, 36);
  assert.deepEqual(names.slice(0, 6).map(name => [pods.colour(name), pods.pattern(name)]), [1, 2, 3, 4, 5, 6].map(n => [n, n]));
});

test("on paper a bar is drawn in lines", () => {
  const pods = new Pods(["a", "b"].map(pod => ({ pod }))), box = { x: "2.0", y: 0, width: "40.0", height: 13 };
  assert.equal(pods.bar(box, "stay", "b")[0], "rect");
  pods.paper = true;
  const [tag, , , , line] = pods.bar(box, "stay", "b");
  assert.equal(tag, "g");
  assert.match(line[1].d, /^(M[\d.]+ [\d.]+L[\d.]+ [\d.]+){8,}$/);
});
