// The parts of the page, from top to bottom.
/** @import { Advice, Migration, Outcome, Side } from "./migration.d.ts" */
/** @import { Pods } from "../../../report/html/pods.js" */
import { el, mark } from "../../../../../../app/src/page/tree.js";
import { emblem } from "../../../report/html/emblem.js";
import { count, moment, seconds, withCode } from "../../../report/html/text.js";
import { ways } from "./ways.js";

/** @type {Record<Migration["verdict"], string>} */
export const TITLES = { "seamless": "Seamless", "not-seamless": "Not seamless", "inconclusive": "Inconclusive" };

/** @type {(name: string, value: string) => Node} */
const pair = (name, value) => el("span", "", name + " ", el("b", "", value));
/** @param {string[]} texts */
const sentences = texts => el("ol", "", ...texts.map(text => el("li", "", ...withCode(text))));
/** @type {(title: string, ...children: (Node | string | null)[]) => HTMLElement} */
const panel = (title, ...children) => el("section", "", el("h2", "", title), ...children);

/** @param {Migration} report */
const sign = report => {
  if (report.verdict === "seamless") return "hold";
  if (report.verdict === "inconclusive") return "one";
  return report.findings[0]?.code === "flip-flop" ? "jump" : "forced";
};

/**
 * @param {Migration} report
 * @returns {Node[]}
 */
export function top(report) {
  const facts = [["site", report.host], ["from", report.from.url], ["to", report.to.url], ["started", moment(report.began)], ["took", seconds(report.took_ms)], ["seed", String(report.seed)], ["stickyctl", report.stickyctl]];
  return [
    el("div", "run", ...facts.map(([name, value]) => pair(name, value))),
    el("header", "verdict", emblem(sign(report)), el("div", "",
      el("h1", "", TITLES[report.verdict]), el("p", "lead", report.summary.lead),
      el("p", "two", pair("old front door", report.from.verdict.replaceAll("-", " ")), pair("new front door", report.to.verdict.replaceAll("-", " ")), pair("exit code", String(report.exit_code))))),
    el("div", "why",
      el("div", "", el("h2", "", "What users will feel"), ...report.findings.map((finding, place) => el("span", place ? "code" : "code first", finding.code)), sentences(report.summary.because)),
      el("div", "", el("h2", "", "What to do"), sentences(report.summary.todo))),
  ];
}

/** @type {(report: Migration, pods: Pods, width: number) => HTMLElement} */
export function waysPanel(report, pods, width) {
  const title = "Every session, through both front doors";
  if (!report.sessions.some(session => session.requests.length)) return panel(title, el("p", "", "The run ended before any session got an answer."));
  const drawn = ways(report, pods, width);
  const lines = ["Each row is a session, from its first request to its last. The upper lane is the old front door, the lower lane the new one, and a colour is a pod. A tick is a change of pod. A session that loses nothing keeps its colour from lane to lane."];
  if (drawn.shown < drawn.of) lines.push(`${drawn.shown} of ${count(drawn.of, "session")} are shown, those that moved first.`);
  return el("section", "", el("div", "head", el("h2", "", title), pods.legend(12)), el("p", "", lines.join(" ")), drawn.figure);
}

/** @param {string[]} names */
const header = names => el("thead", "", el("tr", "", ...names.map(name => {
  const cell = el("th", "", name);
  cell.scope = "col";
  return cell;
})));

/** @param {Migration} report */
export function cookiePanel(report) {
  /** @type {(name: string, side: Side) => Node} */
  const line = (name, { foreign, cookies }) => el("tr", "", ...[name, ...[foreign.same_pod, foreign.elsewhere, foreign.replaced, foreign.added, foreign.errors].map(number => `${number} of ${foreign.requests}`), cookies.join(", ") || "none"]
    .map(text => el("td", "", text)));
  return panel("What each front door makes of the other's cookie",
    el("p", "", "Each session's first request there, with the cookies that it got from the other front door. Which pod answers counts, not what the cookie says."),
    el("table", "", header(["front door", "kept it, same pod", "kept it, other pod", "replaced it", "added its own", "error", "cookies of its own"]),
      el("tbody", "", line("new", report.to), line("old", report.from))));
}

/** @type {Record<Outcome, [word: string, mark: "good" | "bad" | "none"]>} */
const WORDS = { fail: ["failed", "bad"], pass: ["passed", "good"], skip: ["skipped", "none"] };

/** @param {Migration} report */
export function checkPanel({ checks }) {
  const lines = checks.map(({ name, asks, outcome, detail }) => {
    const [word, kind] = WORDS[outcome];
    return el("tr", "", el("td", "", name), el("td", "sub", asks), el("td", `result ${outcome}`, mark(kind), word), el("td", "", ...withCode(detail)));
  });
  return el("section", "long", el("h2", "", "Checks"), el("table", "", header(["check", "question", "result", "finding"]), el("tbody", "", ...lines)));
}

/** @param {Advice[]} causes */
const shown = causes => (causes.some(advice => advice.evident) ? causes.filter(advice => advice.evident) : causes.slice(0, 2));

/** @param {Migration} report */
export function findingPanel({ findings }) {
  if (!findings.length) return null;
  return panel("Findings", ...findings.map(({ code, title, detail, causes }) => el("div", "more", el("span", "code", code), title, el("div", "sub", `seen: ${detail}`),
    ...shown(causes).map(advice => el("div", "", `${advice.cause}: `, ...withCode(advice.attempt))))));
}

/** @param {Migration} report */
export function runPanel(report) {
  const { plan, sent, pods } = report;
  const facts = [
    ["sample", `${count(plan.movers, "session")} from the old front door, ${count(plan.newcomers, "session")} from the new one, ${count(plan.controls, "control")} at each; a new connection for every request`],
    ["sent", `${sent.probes} of at most ${count(plan.probes, "request")}, ${sent.sockets} of at most ${count(plan.sockets, "socket")}`],
    ["identity", report.identity],
    ["pods", pods.map(one => `${one.pod}: ${one.old} controls at the old front door, ${one.new} at the new one`).join("; ") || "none"],
  ];
  return panel("The run", el("dl", "facts", ...facts.flatMap(([name, text]) => [el("dt", "", name), el("dd", "", text)])), el("pre", "", report.command));
}
