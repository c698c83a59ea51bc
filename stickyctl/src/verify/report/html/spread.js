// Where requests without a cookie went, and where sessions started.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
/** @import { Pod, Report } from "./report.d.ts" */
/** @import { Pods } from "./pods.js" */
import { figure, px } from "./figure.js";
import { count } from "./text.js";

const MOST_PODS = 24;
/** Height of a pod's row in a figure. */
export const ROW = 26;

/**
 * The pods with the most answers, in their own order.
 * @param {Pod[]} pods
 */
export function busiest(pods) {
  if (pods.length <= MOST_PODS) return pods;
  const chosen = new Set([...pods].sort((a, b) => b.controls + b.sessions - a.controls - a.sessions).slice(0, MOST_PODS));
  return pods.filter(pod => chosen.has(pod));
}

/** @type {(pods: Pod[], key: "controls" | "sessions") => number} */
const sum = (pods, key) => pods.reduce((all, pod) => all + pod[key], 0);

/** @type {(report: Report, pods: Pods, width: number) => Node} */
export function spread(report, pods, width) {
  const shown = busiest(report.pods), labels = pods.labels(shown.map(pod => pod.pod), width), top = 22;
  const left = labels.wide, wide = (width - left - 20) / 2 - 30, second = left + wide + 46;
  const most = Math.max(1, ...shown.map(pod => Math.max(pod.controls, pod.sessions)));
  /** @type {Shape[]} */
  const out = [["text", { x: px(left), y: 12 }, count(sum(report.pods, "controls"), "control")],
    ["text", { x: px(second), y: 12 }, count(sum(report.pods, "sessions"), "session") + (width < 430 ? "" : ", first answer")]];
  shown.forEach((pod, place) => {
    const y = top + place * ROW;
    out.push(["text", { x: 0, y: y + 13, class: "m b" }, labels.of(pod.pod), ["title", {}, pod.pod]]);
    for (const [number, x] of [[pod.controls, left], [pod.sessions, second]]) {
      const long = Math.max(1, wide * number / most);
      const box = { x: px(x), y: y + 1, width: px(long), height: 15, rx: 2 };
      out.push(number ? pods.bar(box, "share", pod.pod) : ["rect", { ...box, fill: "var(--edge)" }],
        ["text", { x: px(x + long + 7), y: y + 13, class: "m b" }, number.toLocaleString("en")]);
    }
  });
  return figure(width, top + shown.length * ROW, shown.map(pod => `${pod.pod}: ${count(pod.controls, "control")}, ${count(pod.sessions, "session")}`).join("; "), out);
}

/**
 * What the pods that aren't drawn have in total.
 * @param {Report} report
 */
export function others(report) {
  const shown = new Set(busiest(report.pods)), rest = report.pods.filter(pod => !shown.has(pod));
  return rest.length ? `${count(rest.length, "other pod")} got ${count(sum(rest, "controls"), "control")} and ${count(sum(rest, "sessions"), "session")} in total.` : null;
}
