// The verdict, why, and what to do.
/** @import { Report, Verdict } from "./report.d.ts" */
import { el } from "../../../../../app/src/page/tree.js";
import { emblem } from "./emblem.js";
import { moment, seconds, withCode } from "./text.js";

/** @type {Record<Verdict, string>} */
const VERDICTS = { "sticky": "Sticky", "not-sticky": "Not sticky", "inconclusive": "Inconclusive", "not-judged": "Not judged" };

/**
 * The result in a few words. Cookies hold a session on a pod, and nothing holds it on one of several workers in there.
 * @param {Report} report
 */
export function verdictTitle({ verdict, workers }) {
  if (workers !== "not-sticky" || verdict === "not-sticky") return VERDICTS[verdict];
  return verdict === "sticky" ? "Sticky by pod, not by worker" : `${VERDICTS[verdict]} by pod, not sticky by worker`;
}

/** @type {(name: string, value: string) => Node} */
const fact = (name, value) => el("span", "", name + " ", el("b", "", value));
/** @param {string[]} texts */
const list = texts => el("ol", "", ...texts.map(text => el("li", "", ...withCode(text))));

/**
 * @param {Report} report
 * @returns {Node[]}
 */
export function heading(report) {
  const facts = [["site", report.url], ["started", moment(report.began)], ["took", seconds(report.took_ms)], ["seed", String(report.seed)], ["stickyctl", report.stickyctl]];
  const kind = report.verdict === "sticky" ? (report.forced_moves ? "forced" : "hold") : report.verdict === "not-sticky" ? "jump" : "one";
  const skipped = report.workers === "not-judged" && report.scenarios.find(one => one.name === "workers" && one.outcome === "skip");
  const workers = skipped ? `not judged: ${skipped.detail}` : VERDICTS[report.workers].toLowerCase();
  return [
    el("div", "run", ...facts.map(([name, value]) => fact(name, value))),
    el("header", "verdict", emblem(kind), el("div", "",
      el("h1", "", verdictTitle(report)), el("p", "lead", report.summary.lead),
      el("p", "two", fact("pod affinity", VERDICTS[report.verdict].toLowerCase()), fact("worker affinity", workers), fact("exit code", String(report.exit_code))))),
    el("div", "why",
      el("div", "", el("h2", "", "Why"), ...report.reasons.map((reason, place) => el("span", place ? "code" : "code first", reason.code)), list(report.summary.because)),
      el("div", "", el("h2", "", "What to do"), list(report.summary.todo))),
  ];
}
