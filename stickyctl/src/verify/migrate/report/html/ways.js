// Sessions through both front doors: the upper lane of a row is the old one, the lower lane the new one, and a colour is a pod.
/** @import { Shape } from "../../../../../../app/src/page/tree.js" */
/** @import { Migration, Visit, Walk } from "./migration.d.ts" */
/** @import { Pods } from "../../../report/html/pods.js" */
import { figure, px } from "../../../report/html/figure.js";
import { count, seconds } from "../../../report/html/text.js";

const LANE = 9, ROW = 2 * LANE + 8, LEFT = 46, MOST_MOVERS = 18, MOST_NEWCOMERS = 6;

/** @typedef {{ door: string, pod: string | undefined, from: number, to: number, visit: Visit }} Stay */

/**
 * A session as stays: requests in a row with one pod, at one front door.
 * @param {Walk} session
 */
function stays(session) {
  /** @type {Stay[]} */
  const all = [];
  session.requests.forEach((visit, place) => {
    const last = all.at(-1);
    if (last && last.door === visit.door && last.pod === visit.pod) last.to = place;
    else all.push({ door: visit.door, pod: visit.pod, from: place, to: place, visit });
  });
  return all;
}

/** @param {Visit} visit */
const outcome = visit => visit.pod ?? (visit.lost !== undefined ? `no answer, ${visit.lost}` : `status ${visit.status}, no pod named`);

/** @type {(session: Walk, y: number, wide: number, pods: Pods) => Shape[]} */
function row(session, y, wide, pods) {
  /** @type {Shape[]} */
  const out = [["text", { x: 0, y: y + LANE + 4, class: "m" }, session.id]];
  const all = stays(session);
  all.forEach((stay, place) => {
    const x = LEFT + stay.from * wide, top = y + (stay.door === "new" ? LANE : 0), before = all[place - 1];
    const box = { x: px(x + .5), y: top, width: px(Math.max(1, (stay.to - stay.from + 1) * wide - 1)), height: LANE, rx: 2 };
    /** @type {Shape} */
    const title = ["title", {}, `${session.id}, ${stay.door} front door, ${count(stay.to - stay.from + 1, "request")} from ${seconds(stay.visit.at_ms)}: ${outcome(stay.visit)}`];
    out.push(stay.pod === undefined ? ["rect", { ...box, class: "silent" }, title] : pods.bar(box, "stay", stay.pod, title));
    if (before && stay.visit.moved) out.push(["path", { class: "tick", d: `M${px(x)} ${y - 2}V${y + 2 * LANE + 2}` }]);
  });
  return out;
}

/** @type {(report: Migration, pods: Pods, width: number) => { figure: Node, shown: number, of: number }} */
export function ways(report, pods, width) {
  const all = report.sessions.filter(session => session.requests.length);
  /** @param {Walk} session */
  const moved = session => Number(session.requests.some(visit => visit.moved));
  /** @type {(door: string, most: number) => Walk[]} */
  const some = (door, most) => {
    const begun = all.filter(session => session.requests[0].door === door), kept = [...begun].sort((a, b) => moved(b) - moved(a)).slice(0, most);
    return begun.filter(session => kept.includes(session));
  };
  const groups = [["begin at the old front door", some("old", MOST_MOVERS)], ["begin at the new front door", some("new", MOST_NEWCOMERS)]];
  const shown = groups.flatMap(([, sessions]) => /** @type {Walk[]} */ (sessions));
  const columns = Math.max(1, ...shown.map(session => session.requests.length)), wide = (width - LEFT) / columns;
  /** @type {Shape[]} */
  const out = [];
  let y = 4;
  for (const [title, sessions] of groups) {
    if (!sessions.length) continue;
    out.push(["text", { x: LEFT, y: y + 12, class: "b" }, /** @type {string} */ (title)]);
    y += 22;
    for (const session of /** @type {Walk[]} */ (sessions)) {
      out.push(...row(session, y, wide, pods));
      y += ROW;
    }
    y += 8;
  }
  const label = `${count(shown.length, "session")} through both front doors, coloured by pod: ${report.cut_over.seen} of ${report.cut_over.of} moved at the switch`;
  return { figure: figure(width, y, label, out), shown: shown.length, of: all.length };
}
