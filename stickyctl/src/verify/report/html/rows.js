/* What the map shows of sessions: which of them, in which order, and each as runs of one pod. */
const MOST_ROWS = 200, MOST_PIECES = 12000;

const isForced = request => request.moved === "forced";
const hasMoved = request => request.moved !== undefined && !isForced(request);

/** A session as runs of requests by one pod; a run without a pod is of requests that did not tell theirs. */
function runs(session, columns) {
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

/** Rows in the order of their first pods; of too many those that moved come in first. */
function rows(report, columns) {
  const all = report.sessions.filter(session => session.requests.length).map(session => ({
    id: session.id,
    home: session.requests.find(request => request.pod !== undefined)?.pod,
    moved: session.requests.filter(hasMoved).length,
    forced: session.requests.filter(isForced).length,
    session,
  }));
  const chosen = [], byMoves = [...all].sort((a, b) => (b.moved + b.forced > 0) - (a.moved + a.forced > 0));
  let pieces = 0;
  for (const row of byMoves) {
    row.runs = runs(row.session, columns);
    pieces += row.runs.length;
    if (chosen.length >= MOST_ROWS || (chosen.length > 0 && pieces > MOST_PIECES)) break;
    chosen.push(row);
  }
  const place = new Map(report.pods.map((pod, at) => [pod.pod, at]));
  const at = row => place.get(row.home) ?? Infinity;
  const byHome = (a, b) => at(a) === at(b) ? 0 : at(a) - at(b);
  return { rows: chosen.sort((a, b) => byHome(a, b) || (a.id.length - b.id.length) || (a.id < b.id ? -1 : 1)), of: all.length };
}

/** All rounds; in one that was broken off a control may have come before any session. */
const rounds = report => Math.max(0, ...[...report.sessions.map(session => session.requests.at(-1)), ...report.controls]
  .map(request => (request?.round ?? -1) + 1));
