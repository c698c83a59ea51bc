// How many moved, and the bounds of the true rate.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
/** @import { Count, Report } from "./report.d.ts" */
import { el } from "../../../../../app/src/page/tree.js";
import { figure, px } from "./figure.js";
import { bySymptom } from "./lost.js";
import { count, percent } from "./text.js";

/** @type {(count: Count, what: string, verb: string) => (Node | string)[]} */
export function inWords({ seen, of, least, most }, what, verb) {
  if (!of) return [el("b", "", `No ${what}s to judge`)];
  const range = seen === 0 ? `at most ${percent(most)}` : seen === of ? `at least ${percent(least)}` : `between ${percent(least)} and ${percent(most)}`;
  return [el("b", "", `${seen.toLocaleString("en")} of ${count(of, what)} ${verb}`), el("br", ""), `${range}, with 95% confidence`];
}

/** @type {(count: Count, width: number) => Node | null} */
export function interval({ seen, of, least, most }, width) {
  if (!of) return null;
  /** @param {number} rate */
  const x = rate => 2 + (width - 4) * rate;
  const bad = seen ? " bad" : "", marks = width < 320 ? [0, .5, 1] : [0, .25, .5, .75, 1];
  /** @type {Shape[]} */
  const out = [["path", { class: "axis", d: `M2 14.5H${width - 2}` }]];
  for (const rate of marks) {
    out.push(["path", { class: "axis", d: `M${px(x(rate))} 14v5` }],
      ["text", { x: px(x(rate)), y: 36, class: "m", "text-anchor": rate === 0 ? "start" : rate === 1 ? "end" : "middle" }, `${rate * 100}%`]);
  }
  out.push(["path", { class: "range" + bad, d: `M${px(x(least))} 14H${px(Math.max(x(most), x(least) + 3))}` }],
    ["circle", { class: "dot" + bad, cx: px(Math.max(6, Math.min(width - 6, x(seen / of)))), cy: 14, r: 5 }]);
  return figure(width, 44, `between ${percent(least)} and ${percent(most)}`, out);
}

/**
 * What the numbers mean, given what was found.
 * @param {Report} report
 */
export function meaning(report) {
  if (bySymptom(report)) {
    return report.verdict === "sticky" ? "Without affinity each request would keep its session as often as those without the cookie did. The odds that chance alone kept them all are below 1 in a million."
      : "A request counts as lost when its answer shows the symptom, whichever pod it comes from.";
  }
  const { seen, of, most } = report.moved_requests;
  const forced = report.forced_moves ? `${count(report.forced_moves, "forced move")} ${report.forced_moves === 1 ? "is" : "are"} not counted: the pod was gone or not ready. ` : "";
  if (!of) return "No session got a later answer that names its pod.";
  if (seen) {
    return `${forced}A request counts as moved when its pod is not the one that bound its session. `
      + `From each request to the next, the pod changed ${report.changes === 1 ? "once" : `${report.changes.toLocaleString("en")} times`}.`;
  }
  if (report.verdict === "sticky") {
    return `${forced}Judging by the controls' shares, the odds that chance alone kept every session in place are below 1 in a million. `
      + `If ${percent(most)} or more of the requests leaked, a run like this would show it 19 times in 20.`;
  }
  if (report.verdict === "not-sticky") return `${forced}These requests stayed; the evidence against affinity is elsewhere.`;
  if (report.pods.length < 2) return "With one pod, these bounds hold for any site, sticky or not. Don't read them as a finding.";
  return `${forced}While the verdict is open, don't read these bounds as a finding.`;
}
