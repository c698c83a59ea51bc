// Sites that never name their pods: which requests lost their session, and what happened without some cookies.
/** @import { Report, Request } from "./report.d.ts" */
import { el } from "../../../../../app/src/page/tree.js";
import { count } from "./text.js";

/**
 * What `--lost-when` found, if the run was judged by it.
 * @param {Report} report
 */
export const bySymptom = ({ lost_when: lost, pods }) => (lost && !pods.length ? lost : null);

/** @type {(request: Request, place: number) => Request} */
const asPod = (request, place) => {
  const isLost = place > 0 && request.session_lost === true;
  return request.session_lost === undefined ? request : { ...request, pod: isLost ? "lost" : "kept", ...(isLost ? { moved: "unknown" } : {}) };
};

/**
 * The report with what became of a session in place of pods, for the map.
 * @type {(report: Report) => Report}
 */
export const lostAsPods = report => ({
  ...report,
  pods: ["kept", "lost"].map(pod => ({ pod, controls: 0, sessions: 0 })),
  sessions: report.sessions.map(session => ({ ...session, requests: session.requests.map(asPod) })),
  controls: report.controls.map(control => asPod(control, 1)),
});

/** @param {Report} report */
export function withoutCookies(report) {
  const all = bySymptom(report)?.without ?? [];
  if (!all.length) return [el("p", "after", "No request left out a cookie.")];
  const lines = all.map(({ cookies, lost, of }) => el("li", "", el("b", "", cookies.join(", ")), ` left out: ${lost} of ${count(of, "request")} lost their session`));
  return [el("p", "", "The same sessions, without some of their cookies. A mixture shows that pods have sessions of their own, and that the cookie leads to the right one."),
    el("ul", "changes", ...lines)];
}
