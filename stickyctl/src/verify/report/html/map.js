// Sessions by requests: a session that sticks is an unbroken bar. Controls stand in the columns of their round.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
/** @import { Event, Report, Request, Row, Run } from "./report.d.ts" */
/** @import { Pods } from "./pods.js" */
import { figure, px, step } from "./figure.js";
import { isForced, rounds, rows } from "./rows.js";
import { count, seconds } from "./text.js";

const HIGH = 13, GAP = 3, CONTROL = 20;

/** @typedef {[column: number, events: Event[]]} Mark */

/** @type {(report: Report, pods: Pods, width: number, isLost?: boolean) => { figure: Node, shown: number, of: number, columns: number, all: number }} */
export function map(report, pods, width, isLost = false) {
  const slim = width < 500, all = rounds(report);
  const ids = Math.max(...report.sessions.map(session => session.id.length), 3);
  const left = Math.max(slim ? 30 : 66, ids * 7.4 + 8), right = slim ? 26 : 76;
  const columns = Math.max(1, Math.min(all, Math.floor((width - left - right) / 2.2)));
  const wide = (width - left - right) / columns;
  /** @param {number} column */
  const x = column => left + column * wide;
  const chosen = rows(report, columns), marks = eventColumns(report, columns, Math.max(1, width / 16 / wide));
  const top = marks.length ? 44 : 24, draw = new MapRow(pods, x, wide, columns, slim);
  const out = heads(columns, wide, x, top, slim, width, isLost ? "lost" : "moved");
  // Groups of one or two sessions are no groups.
  const between = chosen.rows.length >= 3 * new Set(chosen.rows.map(row => row.home)).size ? 6 : 0;
  let y = top, home;
  for (const [place, row] of chosen.rows.entries()) {
    if (place && row.home !== home) y += between;
    home = row.home;
    out.push(...draw.session(row, y, width));
    y += HIGH + GAP;
  }
  y += slim ? 26 : 16;
  const controls = report.controls.filter(control => control.round < columns);
  out.push(["text", { x: 0, y: slim ? y - 6 : y + 14, class: "b" }, slim ? "controls, no cookie" : "controls"]);
  out.push(...draw.controls(controls, y));
  const met = new Set(report.controls.map(control => control.pod).filter(Boolean)).size;
  if (!slim && !isLost) out.push(["text", { x: width, y: y + 14, "text-anchor": "end" }, count(met, "pod")]);
  out.push(...eventLines(marks, pods, x, top, y + CONTROL, width));
  const what = isLost ? "coloured by whether they were kept or lost" : `coloured by pod: ${count(report.moved_requests.seen, "move")}, ${report.forced_moves} forced`;
  const label = `${count(chosen.rows.length, "session")} by ${count(columns, "request")}, ${what}`;
  return { figure: figure(width, y + CONTROL + 4, label, out), shown: chosen.rows.length, of: chosen.of, columns, all };
}

/**
 * The numbers of rounds, as many as fit.
 * @type {(columns: number, wide: number, x: (column: number) => number, top: number, slim: boolean, width: number, verb: string) => Shape[]}
 */
function heads(columns, wide, x, top, slim, width, verb) {
  const first = wide > 74 ? "first answer" : wide > 32 || columns > 14 ? "first" : "1st", free = x(0) + first.length * 6.8 + 14;
  /** @type {Shape[]} */
  const out = [["text", { x: x(0), y: top - 9 }, first]];
  const every = Math.max(1, step((String(columns).length * 7.4 + 12) / wide));
  for (let k = every; k < columns; k += every) {
    if (x(k) + wide / 2 > free) out.push(["text", { x: px(x(k) + wide / 2), y: top - 9, "text-anchor": "middle", class: "m" }, String(k)]);
  }
  if (!slim) out.push(["text", { x: width, y: top - 9, "text-anchor": "end" }, verb]);
  return out;
}

class MapRow {
  /**
   * @param {Pods} pods
   * @param {(column: number) => number} x
   * @param {number} wide
   * @param {number} columns
   * @param {boolean} slim
   */
  constructor(pods, x, wide, columns, slim) {
    this.pods = pods;
    this.x = x;
    this.wide = wide;
    this.columns = columns;
    this.slim = slim;
    // Narrow columns leave no room between runs.
    this.apart = Math.min(3, wide / 4);
  }

  /** @type {(row: Row, y: number, width: number) => Shape[]} */
  session(row, y, width) {
    /** @type {Shape[]} */
    const out = [["text", { x: 0, y: y + HIGH - 2.5, class: "m" }, row.id]];
    for (const run of row.runs) {
      const from = this.x(run.from) + (run.from ? this.apart : 0), to = this.x(run.to + 1) - (run.to + 1 === this.columns ? 0 : this.apart);
      /** @type {Shape} */
      const title = ["title", {}, `${row.id}, ${this.which(run)}: ${run.pod ?? silence(run.request)}`];
      const box = { x: px(from), y, width: px(Math.max(.8, to - from)), height: HIGH, rx: Math.min(2, this.wide / 3) };
      if (run.pod === undefined) out.push(["rect", { ...box, y: y + 3, height: HIGH - 6, class: "silent" }, title]);
      else out.push(this.pods.bar(box, "stay", run.pod, title));
      if (run.change) {
        const css = `tick${isForced(run.request) ? " forced" : ""}${this.wide < 9 ? " fine" : ""}`;
        out.push(["path", { class: css, d: `M${px(this.x(run.from))} ${y - .5}V${y + HIGH + .5}` }]);
      }
    }
    const first = row.runs.find(run => run.pod !== undefined);
    if (first && this.wide > 12) out.push(["rect", { class: "f" + this.pods.colour(first.pod), x: px(this.x(first.from)), y, width: 9, height: HIGH, rx: 2 }]);
    const forced = row.forced ? `${row.forced}${this.slim ? "" : " forced"}` : "";
    const said = row.moved && forced && !this.slim ? `${row.moved} + ${forced}` : row.moved ? String(row.moved) : forced || "0";
    out.push(["text", { x: width, y: y + HIGH - 2.5, "text-anchor": "end", class: row.moved ? "m x" : row.forced ? "m b" : "m" }, said]);
    return out;
  }

  /** @param {Run} run */
  which({ from, to }) {
    if (from === to) return from ? `request ${from}` : "first answer";
    return from ? `requests ${from} to ${to}` : `first answer to request ${to}`;
  }

  /** @type {(controls: Request[], y: number) => Shape[]} */
  controls(controls, y) {
    return [...Map.groupBy(controls, control => control.round)].flatMap(([round, all]) => {
      // Too thin to be told apart: the round's shares instead.
      const wide = this.wide / all.length, shares = wide < 2.5;
      const order = shares ? [...all].sort((a, b) => ((a.pod ?? "") < (b.pod ?? "") ? -1 : 1)) : all;
      const air = shares ? 0 : Math.min(.75, wide / 8);
      /** @type {Shape[]} */
      const out = [];
      for (let from = 0; from < order.length;) {
        let to = from + 1;
        while (shares && to < order.length && order[to].pod === order[from].pod) to++;
        const one = order[from], many = to - from > 1 ? `${to - from} controls` : "control";
        const box = { x: px(this.x(round) + from * wide + air), y, width: px(Math.max(.6, (to - from) * wide - 2 * air)), height: CONTROL, rx: 1.5 };
        /** @type {Shape} */
        const title = ["title", {}, `${many}, round ${round}: ${one.pod ?? silence(one)}`];
        out.push(one.pod === undefined ? ["rect", { ...box, class: "silent" }, title] : this.pods.bar(box, "control", one.pod, title));
        from = to;
      }
      return out;
    });
  }
}

/** @param {Request} request */
const silence = request => (request.lost !== undefined ? `no answer, ${request.lost}` : `status ${request.status}, no pod named`);

/**
 * Events by the column before which they fall: the first round of which half had begun after them.
 * @type {(report: Report, columns: number, apart: number) => Mark[]}
 */
function eventColumns(report, columns, apart) {
  if (!report.events.length) return [];
  /** @type {number[][]} */
  const begun = Array.from({ length: columns }, () => []);
  for (const session of report.sessions) for (const request of session.requests) begun[request.round]?.push(request.at_ms);
  const middles = begun.map(all => all.sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Infinity);
  /** @type {Mark[]} */
  const marks = [];
  for (const event of [...report.events].sort((a, b) => a.at_ms - b.at_ms)) {
    const found = middles.findIndex(middle => middle > event.at_ms), column = found < 0 ? columns : found, last = marks.at(-1);
    // Lines that would stand close together are one.
    if (last && column - last[0] < apart) last[1].push(event);
    else marks.push([column, [event]]);
  }
  return marks;
}

/** @type {(marks: Mark[], pods: Pods, x: (column: number) => number, top: number, bottom: number, width: number) => Shape[]} */
function eventLines(marks, pods, x, top, bottom, width) {
  let free = 0;
  return marks.flatMap(([column, events]) => {
    const at = x(column), text = events.length > 1 ? `${events.length} events` : pods.brief(events[0].text, width), long = text.length * 7.2;
    const before = at > width * .6, from = before ? at - 6 - long : at + 6;
    /** @type {Shape} */
    const title = ["title", {}, events.map(event => `${seconds(event.at_ms)} ${event.text}`).join("\n")];
    /** @type {Shape[]} */
    const out = [["path", { class: "event", d: `M${px(at)} ${top - 24}V${bottom}` }, title]];
    if (from >= free) {
      out.push(["text", { x: px(before ? at - 6 : at + 6), y: top - 28, class: "b", "text-anchor": before ? "end" : "start" }, text, title]);
      free = from + long + 10;
    }
    return out;
  });
}
