// Which sessions the map shows, in which order, and each as runs of one pod.
/** @import { Report, Request, Row, Run, Session } from "./report.d.ts" */

const MOST_ROWS = 200, MOST_PIECES = 12000;

/** @param {Request} request */
export const isForced = request => request.moved === "forced";
/** @param {Request} request */
export const hasMoved = request => request.moved !== undefined && !isForced(request);

/**
 * A session as runs of requests with one pod; a run without a pod is of requests whose answers named none.
 * @type {(session: Session, columns: number) => Run[]}
 */
function runs(session, columns) {
  /** @type {Run[]} */
  const all = [];
  let known;
  for (const request of session.requests) {
    if (request.round >= columns) break;
    const last = all.at(-1), pod = request.pod;
    if (last && last.pod === pod && last.to === request.round - 1) last.to = request.round;
    else all.push({ pod, from: request.round, to: request.round, request, change: pod !== undefined && known !== undefined && known !== pod });
    if (pod !== undefined) known = pod;
  }
  return all;
}

/**
 * Rows in the order of their first pods. Of too many, those that moved are kept first.
 * @type {(report: Report, columns: number) => { rows: Row[], of: number }}
 */
export function rows(report, columns) {
  const all = report.sessions.filter(session => session.requests.length).map(session => ({
    id: session.id,
    home: session.requests.find(request => request.pod !== undefined)?.pod,
    moved: session.requests.filter(hasMoved).length,
    forced: session.requests.filter(isForced).length,
    session,
  }));
  /** @type {Row[]} */
  const chosen = [];
  const byMoves = [...all].sort((a, b) => Number(b.moved + b.forced > 0) - Number(a.moved + a.forced > 0));
  let pieces = 0;
  for (const row of byMoves) {
    const own = runs(row.session, columns);
    pieces += own.length;
    if (chosen.length >= MOST_ROWS || (chosen.length > 0 && pieces > MOST_PIECES)) break;
    chosen.push({ ...row, runs: own });
  }
  /** @type {Map<string | undefined, number>} */
  const places = new Map(report.pods.map((pod, place) => [pod.pod, place]));
  /** @param {Row} row */
  const at = row => places.get(row.home) ?? Infinity;
  /** @type {(a: Row, b: Row) => number} */
  const byHome = (a, b) => (at(a) === at(b) ? 0 : at(a) - at(b));
  return { rows: chosen.sort((a, b) => byHome(a, b) || (a.id.length - b.id.length) || (a.id < b.id ? -1 : 1)), of: all.length };
}

/**
 * How many rounds there are. In one that was broken off, a control may have come before any session.
 * @param {Report} report
 */
export const rounds = report => Math.max(0, ...[...report.sessions.map(session => session.requests.at(-1)), ...report.controls]
  .map(request => (request?.round ?? -1) + 1));
