// When sessions moved, and what happened at the time: a sentence and a figure.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
/** @import { Report } from "./report.d.ts" */
/** @import { Pods } from "./pods.js" */
import { el } from "../../../../../app/src/page/tree.js";
import { figure, px, step } from "./figure.js";
import { isForced } from "./rows.js";
import { count, seconds } from "./text.js";

const MOST_EVENTS = 24;

/** @type {(report: Report, pods: Pods, width: number) => Node[]} */
export function timeline(report, pods, width) {
  const moves = report.sessions.flatMap(session => session.requests.filter(request => request.moved !== undefined));
  const end = Math.max(report.took_ms, ...report.events.map(event => event.at_ms), 1), bin = step(end / Math.min(48, width / 12));
  const bins = Array.from({ length: Math.ceil(end / bin) }, () => ({ moved: 0, forced: 0 }));
  for (const request of moves) bins[Math.min(bins.length - 1, Math.floor(request.at_ms / bin))][isForced(request) ? "forced" : "moved"]++;
  /** @param {number} at */
  const x = at => 2 + (width - 6) * at / end;
  const most = Math.max(4, ...bins.map(one => one.moved + one.forced)), labels = eventRows(report, pods, width, x);
  const top = 6 + labels.high, high = moves.length ? 74 : 14, base = top + high;
  /** @param {number} number */
  const tall = number => high * number / most;
  const wide = Math.max(2, x(bin) - x(0) - 2);
  /** @type {Shape[]} */
  const out = [];
  bins.forEach(({ moved, forced }, place) => {
    const left = px(x(place * bin) + 1);
    if (moved) out.push(["rect", { class: "bar", x: left, y: px(base - tall(moved)), width: px(wide), height: px(tall(moved)) }]);
    if (forced) out.push(["rect", { class: "bar forced", x: left, y: px(base - tall(moved + forced)), width: px(wide), height: px(tall(forced)) }]);
  });
  out.push(["path", { class: "axis", d: `M2 ${base + .5}H${width}` }]);
  const every = step(end / Math.max(2, width / 90));
  for (let at = 0; at <= end; at += every) {
    out.push(["path", { class: "axis", d: `M${px(x(at))} ${base}v4` }]);
    if (x(at) < width - 16) out.push(["text", { x: px(x(at)), y: base + 17, "text-anchor": at ? "middle" : "start", class: "m" }, `${Number((at / 1000).toFixed(2))} s`]);
  }
  out.push(...labels.draw(base));
  const forced = moves.filter(isForced).length, others = moves.length - forced;
  const words = !moves.length ? "No session moved." : !others ? `${count(forced, "move")}, all forced.`
    : `${count(others, "move")}${forced ? ` and ${forced} forced` : ""}, up to ${Math.max(...bins.map(one => one.moved))} in ${seconds(bin)}`
      + (report.events.length ? "." : "; no event explains them.");
  return [el("p", others ? "said bad" : "said", words), figure(width, base + 24, `${count(moves.length, "move")} over ${seconds(end)}; ${count(report.events.length, "event")}`, out)];
}

/**
 * Lines of events. Labels in up to three rows, and only as many as fit: the list below has all of them.
 * @type {(report: Report, pods: Pods, width: number, x: (at: number) => number) => { high: number, draw: (base: number) => Shape[] }}
 */
function eventRows(report, pods, width, x) {
  /** @type {number[]} */
  const rows = [];
  const placed = report.events.map(event => {
    const at = x(event.at_ms), text = pods.brief(event.text, width), long = text.length * 7.2, before = at > width * .6;
    const from = before ? at - 6 - long : at + 6;
    let row = rows.findIndex(end => end < from);
    if (row < 0 && rows.length < 3 && from >= 0) row = rows.push(0) - 1;
    if (row >= 0 && from >= 0) rows[row] = from + long + 10;
    return { at, text, before, row: from < 0 ? -1 : row, event };
  });
  /** @type {(base: number) => Shape[]} */
  const draw = base => placed.flatMap(({ at, text, before, row, event }) => {
    const y = 12 + Math.max(0, row) * 17;
    /** @type {Shape} */
    const title = ["title", {}, `${seconds(event.at_ms)} ${event.text}`];
    /** @type {Shape[]} */
    const out = [["path", { class: "event", d: `M${px(at)} ${y - 10}V${base}` }, title]];
    if (row >= 0) out.push(["text", { x: px(before ? at - 6 : at + 6), y, class: "b", "text-anchor": before ? "end" : "start" }, text, title]);
    return out;
  });
  return { high: rows.length * 17, draw };
}

/**
 * The events as text.
 * @type {(report: Report, pods: Pods) => Node | null}
 */
export function eventList(report, pods) {
  const shown = report.events.slice(0, MOST_EVENTS), more = report.events.length - shown.length;
  if (!shown.length) return null;
  const items = shown.map(event => {
    const item = el("li", "", el("b", "", seconds(event.at_ms)), " ", pods.head ? event.text.split(pods.head).join("…") : event.text);
    item.title = event.text;
    return item;
  });
  return el("ul", "events", ...items, more > 0 ? el("li", "sub", `and ${more} more`) : null);
}
