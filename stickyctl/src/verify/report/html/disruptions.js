// What disruptions did to sessions, and whether proxies agree.
/** @import { Disruption, Found, Report, Window } from "./report.d.ts" */
import { el, mark } from "../../../../../app/src/page/tree.js";
import { count, seconds } from "./text.js";

/** @type {Record<Disruption["outcome"], [word: string, mark: "good" | "bad" | "none"]>} */
const OUTCOMES = { fail: ["failed", "bad"], pass: ["as promised", "good"], skip: ["not judged", "none"] };

/** @param {Report} report */
export function disruptionSection({ disruptions = [], proxies }) {
  if (!disruptions.length && !proxies) return null;
  const lines = disruptions.map(one => line(one.kind, one.outcome, `${one.what}; settled after ${seconds(one.settled_after_ms)}`, one.detail));
  if (proxies) lines.push(line("each-proxy", proxies.outcome, proxies.names.join(", "), proxies.detail));
  const head = el("tr", "", ...["disruption", "what was done", "result", "finding"].map(name => {
    const cell = el("th", "", name);
    cell.scope = "col";
    return cell;
  }));
  const details = disruptions.filter(one => one.moved.of).map(one => el("div", "more", el("span", "code", one.kind), ...facts(one).map(text => el("div", "sub", text))));
  const found = [...disruptions.flatMap(one => one.reasons), ...(proxies?.reason ? [proxies.reason] : [])].map(reason);
  return el("section", "long", el("h2", "", "While pods came and went"),
    el("table", "", el("thead", "", head), el("tbody", "", ...lines)), ...details, ...found);
}

/** @type {(name: string, outcome: Disruption["outcome"], what: string, detail: string) => HTMLElement} */
function line(name, outcome, what, detail) {
  const [word, sign] = OUTCOMES[outcome];
  return el("tr", "", el("td", "", name), el("td", "sub", what), el("td", `result ${outcome}`, mark(sign), word), el("td", "", detail));
}

/** @param {Found} found */
const reason = found => el("div", "more", el("span", "code", found.code), found.title, el("div", "sub", `seen: ${found.detail}`));

/** @param {Disruption} one */
function facts({ moved, expected, errors, terminating, sockets, spread, promise }) {
  const awaited = expected ? `${expected.least} to ${expected.most} were expected to (${promise})` : "nothing is promised";
  const lines = [`${moved.sessions} of ${count(moved.of, "session")} moved: ${moved.forced} from pods that went, ${moved.collateral} from ready pods, where ${awaited}.`,
    `Failed requests: ${failed(errors.bound_to_lost_pods)} of sessions whose pod went, ${failed(errors.bound_to_others)} of other sessions, ${failed(errors.unbound)} without a session.`];
  for (const pod of terminating) {
    const kept = pod.kept_for_ms === undefined || pod.kept_for_ms === null ? "its sessions left at once" : `its sessions reached it for ${seconds(pod.kept_for_ms)}`;
    lines.push(`${pod.pod} terminated: ${kept}, and ${count(pod.new, "new session")} began there.`);
  }
  if (sockets.held) lines.push(`${count(sockets.held, "socket")} held: ${sockets.back} came back to their pod, ${sockets.elsewhere} to another, ${sockets.lost} not at all.`);
  if (spread.length) lines.push(`Afterwards, sessions and new requests by pod: ${spread.map(load => `${load.pod} ${load.sessions}/${load.controls}`).join(", ")}.`);
  return lines;
}

/** @param {Window} window */
const failed = window => window.failed && typeof window.first_after_ms === "number" && typeof window.last_after_ms === "number"
  ? `${window.failed} of ${window.of} (${seconds(window.first_after_ms)} to ${seconds(window.last_after_ms)} after the change)` : `0 of ${window.of}`;
