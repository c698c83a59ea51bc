// The parts of the page below its heading, from top to bottom.
/** @import { Cookie, Logs, Outcome, Report } from "./report.d.ts" */
/** @import { Pods } from "./pods.js" */
import { el, mark } from "../../../../../app/src/page/tree.js";
import { inWords, interval, meaning } from "./bounds.js";
import { latency } from "./latency.js";
import { bySymptom, lostAsPods, withoutCookies } from "./lost.js";
import { map } from "./map.js";
import { hasMoved } from "./rows.js";
import { others, spread } from "./spread.js";
import { count, moment, withCode } from "./text.js";
import { eventList, timeline } from "./timeline.js";

/** @type {(title: string, ...children: (Node | string | null)[]) => HTMLElement} */
const section = (title, ...children) => el("section", "", el("h2", "", title), ...children);
/** @type {(text: string, css?: string) => HTMLElement} */
const note = (text, css = "") => el("p", css, text);

const SESSIONS = "Every session, request by request";

/** @type {(report: Report, pods: Pods, width: number) => HTMLElement} */
export function mapSection(report, pods, width) {
  if (!report.sessions.some(session => session.requests.length)) return section(SESSIONS, note("The run ended before any session got an answer."));
  if (bySymptom(report)) return lostSection(report, pods, width);
  const drawn = map(report, pods, width);
  const lines = ["Each row is a session, each column a round; within a round the order is shuffled. A session that sticks is an unbroken bar. A tick is a change of pod."];
  if (report.sessions.every(session => session.requests.some(hasMoved))) lines.push("No bar here is unbroken.");
  if (report.forced_moves) lines.push("A dashed tick is a forced move.");
  if (report.pods.length === 1) {
    const only = report.reasons.some(reason => reason.code === "single-ready-pod");
    lines.push(`The controls below have one colour too: ${only ? "there was no other pod" : "nothing is spread over pods"}.`);
  }
  if (report.sessions.some(session => session.requests.some(request => request.pod === undefined))) lines.push("A dashed box is a request without a named pod; it doesn't count as a move.");
  if (drawn.shown < drawn.of) lines.push(`${drawn.shown} of ${count(drawn.of, "session")} are shown, those that moved first.`);
  if (drawn.columns < drawn.all) lines.push(`The first ${drawn.columns} of ${drawn.all} requests fit this width.`);
  return el("section", "", el("div", "head", el("h2", "", SESSIONS), pods.legend(12)), note(lines.join(" ")), drawn.figure);
}

/** @type {(report: Report, pods: Pods, width: number) => HTMLElement} */
function lostSection(report, pods, width) {
  const drawn = map(lostAsPods(report), pods, width, true);
  const lines = ["Each row is a session, each column a round. No answer names its pod: the colour tells whether the request kept its session or lost it."];
  if (drawn.shown < drawn.of) lines.push(`${drawn.shown} of ${count(drawn.of, "session")} are shown, those that were lost first.`);
  if (drawn.columns < drawn.all) lines.push(`The first ${drawn.columns} of ${drawn.all} requests fit this width.`);
  return el("section", "", el("div", "head", el("h2", "", SESSIONS), pods.legend(12)), note(lines.join(" ")), drawn.figure);
}

/** @type {(report: Report, width: number) => HTMLElement} */
export function boundSection(report, width) {
  const lost = bySymptom(report);
  const { requests, sessions } = lost ?? { requests: report.moved_requests, sessions: report.moved_sessions };
  return section("What the sample shows", el("div", "bound",
    el("div", "", el("p", "", ...inWords(requests, "request", lost ? "lost their session" : "moved")), interval(requests, width)),
    el("div", "", el("p", "", ...inWords(sessions, "session", lost ? "were lost" : "moved")), interval(sessions, width)),
    note(meaning(report), "whole")));
}

/** @type {(report: Report, pods: Pods, half: number) => HTMLElement} */
export function pairSection(report, pods, half) {
  if (bySymptom(report)) return section("Without some cookies", ...withoutCookies(report));
  if (!report.pods.length) return section("Spread", note("No answer named its pod.", "after"));
  const controls = report.pods.filter(pod => pod.controls).length, rest = others(report);
  const where = controls === 1 ? "Even without a cookie, everything went to one pod." : "Where requests without a cookie went, and where sessions started. Evenness is not judged.";
  return el("div", "pair",
    section("Spread", note(where), spread(report, pods, half), rest ? note(rest, "after") : null),
    section("Latency by pod", note("Milliseconds on a log scale: the median, the range from 5% to 95%, and the whiskers from the fastest to the 99th percentile."), latency(report, pods, half)));
}

/** @type {(report: Report, pods: Pods, width: number) => HTMLElement | null} */
export const moveSection = (report, pods, width) => (bySymptom(report) ? null
  : section("When sessions moved", ...timeline(report, pods, width), eventList(report, pods)));

/** @type {Record<Outcome, [word: string, mark: "good" | "bad" | "none"]>} In the order of the table. */
const RESULTS = { fail: ["failed", "bad"], pass: ["passed", "good"], skip: ["skipped", "none"] };

/** @param {Report} report */
export function scenarioSection({ scenarios }) {
  const order = Object.keys(RESULTS);
  /** @param {Outcome} outcome */
  const number = outcome => scenarios.filter(one => one.outcome === outcome).length;
  const lines = [...scenarios].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome)).map(({ name, asks, outcome, detail }) => {
    const [word, sign] = RESULTS[outcome];
    return el("tr", "", el("td", "", name), el("td", "sub", asks), el("td", `result ${outcome}`, mark(sign), word), el("td", "", ...withCode(detail)));
  });
  const head = ["scenario", "question", "result", "finding"].map(name => {
    const cell = el("th", "", name);
    cell.scope = "col";
    return cell;
  });
  return el("section", "long", el("div", "head", el("h2", "", "Scenarios"), el("span", "sub", `${number("pass")} passed, ${number("fail")} failed, ${number("skip")} skipped`)),
    el("table", "", el("thead", "", el("tr", "", ...head)), el("tbody", "", ...lines)));
}

/**
 * Reasons that the verdict does not rest on.
 * @param {Report} report
 */
export function moreSection(report) {
  // Forced moves are in the sentences at the top.
  const more = report.verdict === "sticky" ? report.reasons.filter(reason => reason.code !== "moved-forced") : report.reasons.slice(1);
  if (!more.length) return null;
  return section("Other findings", ...more.map(reason => el("div", "more", el("span", "code", reason.code), reason.title, el("div", "sub", `seen: ${reason.detail}`))));
}

/** @param {Report} report */
export function baselineSection({ baseline }) {
  if (!baseline) return null;
  const changed = baseline.changed.length ? el("ul", "changes", ...baseline.changed.map(text => el("li", "", text))) : note("Nothing changed.", "after");
  return section(`Compared with ${moment(baseline.began)}`, note(baseline.file), changed,
    baseline.weak.length ? note(`The comparison is weak: ${baseline.weak.join("; ")}.`, "after") : null);
}

const MOST_COOKIES = 12;
/** @type {Record<string, string>} */
const FATES = {
  "born-expired": "expired on arrival", "refused": "rejected by browsers", "foreign-domain": "for another domain", "other-path": "for another path",
  "secure-over-http": "not sent over plain HTTP",
};

/**
 * A cookie's attributes, what became of it, and how often it was set and sent back.
 * @param {Cookie} cookie
 */
function cookieLine({ name, attributes, fate, lives_s: lives, offered, sent, values }) {
  const life = typeof lives === "number" && fate !== "born-expired" && !attributes.includes("Max-Age=") ? `lives ${count(lives, "second")}` : null;
  return [`${name}, ${attributes || "no attributes"}`, FATES[fate], life, `set ${count(offered, "time")}, sent ${count(sent, "time")}`, values ? `values ${values.join(", ")}` : "value redacted"]
    .filter(Boolean).join("; ");
}

/**
 * What reading logs led to.
 * @param {Logs} logs
 */
function logLines({ read, unidentified, unidentified_sockets: sockets, without_pod: without, retries, waited_ms: waited, troubles }) {
  const told = [
    [unidentified, "without a line"], [sockets, "sockets without a line"], [without, "with a line that names no pod"], [retries, "retried on another pod"],
  ].filter(([number]) => number).map(([number, what]) => `${number} ${what}`);
  return [[read.join(" and "), `waited ${(waited / 1000).toFixed(1)} s`, ...told].join(", "), ...troubles ?? []];
}

/** @param {Report} report */
export function runSection(report) {
  const { plan, sent, identity } = report, statuses = Object.entries(report.nameless).map(([status, number]) => `${number} with status ${status}`);
  const cookies = report.cookies.slice(0, MOST_COOKIES).map(cookieLine), more = report.cookies.length - cookies.length;
  if (more > 0) cookies.push(`and ${more} more`);
  /** @type {[name: string, lines: string[]][]} */
  const facts = [
    ["sample", [`${count(plan.sessions, "session")}, 1 + ${count(plan.requests, "request")} each, ${count(plan.controls, "control")}; a new connection for every request`]],
    ["sent", [`${sent.probes} of at most ${count(plan.probes, "request")}, ${sent.sockets} of at most ${count(plan.sockets, "socket")}`]],
    ["paths", plan.paths && plan.paths.length > 1 ? [plan.paths.join("  ")] : []],
    ["lost when", report.lost_when?.symptoms ?? []],
    ["identity", [`${identity.pod}, seen on ${identity.named} of ${count(identity.of, "answer")}; workers by ${identity.worker}`]],
    ["logs", identity.logs ? logLines(identity.logs) : []],
    ["may name pods", identity.candidates.map(one => `${one.where}: ${count(one.values, "value")} in ${count(one.answers, "answer")}`)],
    ["cookie", cookies.length ? cookies : ["none set"]],
    ["set aside", [`${statuses.join(", ") || 0} without an identity, ${report.lost} without an answer, ${report.cached} from a cache`]],
    ["sockets ended", [Object.entries(report.socket_ends).map(([why, number]) => `${number} ${why.replaceAll("-", " ")}`).join(", ")].filter(Boolean)],
  ];
  return section("The run", el("dl", "facts", ...facts.filter(([, lines]) => lines.length).flatMap(([name, lines]) =>
    [el("dt", "", name), ...lines.map(line => el("dd", "", line))])), el("pre", "", report.command));
}
