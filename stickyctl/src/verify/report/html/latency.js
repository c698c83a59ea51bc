// How long each pod's answers took, on a log scale.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
/** @import { Report } from "./report.d.ts" */
/** @import { Pods } from "./pods.js" */
import { figure, px } from "./figure.js";
import { ROW, busiest } from "./spread.js";

/** @type {(report: Report, pods: Pods, width: number) => Node | null} */
export function latency(report, pods, width) {
  const timed = busiest(report.pods).flatMap(({ pod, latency: took }) => (took ? [{ pod, took }] : [])), labels = pods.labels(timed.map(one => one.pod), width);
  if (!timed.length) return null;
  /** @param {number} value */
  const least = value => Math.max(value, .01);
  const left = labels.wide, right = 70, top = 6, base = top + timed.length * ROW + 2;
  const low = Math.min(...timed.map(({ took }) => least(took.least_ms))), high = Math.max(...timed.map(({ took }) => least(took.p99_ms)));
  const from = low / 1.15, to = Math.max(high * 1.1, low * 4);
  /** @param {number} value */
  const x = value => left + (width - left - right) * Math.log(least(value) / from) / Math.log(to / from);
  /** @type {Shape[]} */
  const out = [];
  let free = -Infinity;
  for (const value of powers(from, to)) {
    if (x(value) - 14 < free) continue;
    free = x(value) + 22;
    out.push(["path", { class: "grid", d: `M${px(x(value))} ${top}V${base}` }],
      ["text", { x: px(x(value)), y: base + 16, "text-anchor": "middle", class: "m" }, value.toLocaleString("en", { maximumFractionDigits: 2 })]);
  }
  timed.forEach(({ pod, took }, place) => {
    const y = top + place * ROW + 12, css = "s" + pods.colour(pod);
    /** @type {(a: number, b: number) => string} */
    const line = (a, b) => `M${px(x(a))} ${y}H${px(Math.max(x(b), x(a) + 1))}`;
    out.push(["text", { x: 0, y: y + 4, class: "m b" }, labels.of(pod), ["title", {}, pod]],
      ["path", { class: `range thin ${css}`, d: line(took.least_ms, took.p99_ms) }], ["path", { class: `range ${css}`, d: line(took.p5_ms, took.p95_ms) }],
      ["circle", { class: "dot", cx: px(x(took.p50_ms)), cy: y, r: 5 }],
      ["text", { x: width, y: y + 4, class: "m b", "text-anchor": "end" }, inMilliseconds(took.p50_ms)]);
  });
  return figure(width, base + 22, timed.map(({ pod, took }) => `${pod}: median ${inMilliseconds(took.p50_ms)}`).join("; "), out);
}

/** @param {number} ms */
const inMilliseconds = ms => (ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en")) + " ms";

/**
 * 1, 2 and 5 times powers of ten within a range.
 * @type {(from: number, to: number) => number[]}
 */
function powers(from, to) {
  const out = [];
  for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) out.push(power, 2 * power, 5 * power);
  return out.filter(value => value >= from && value <= to);
}
