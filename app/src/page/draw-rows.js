// Many pods: a row for each, with a dot for each worker, and one box for the pods without a row. Pure.
/** @import { PodBox, State, WorkerBox } from "./types.d.ts" */
/** @import { Attributes } from "./tree.js" */
/** @import { Sheet } from "./sheet.js" */
import { actionOf } from "./actions.js";
import { holds, nameIn, podState } from "./draw-pods.js";
import { jackIn, toBus, wayIn } from "./lanes.js";

/** What a missed worker says, the longest first. */
export const NO_SOCKET = ["no socket of yours", "no socket here", "missed", "miss"];
/** The number of a step at the end of a row. */
const STEP_ROOM = 20;

/** @type {(s: Sheet, state: State) => void} */
export function drawRows(s, state) {
  for (const p of s.g.pods) {
    const { g, under, line } = s, [w] = p.workers;
    under.push(line(wayIn(g, "out", w.id ?? w.rest?.[0] ?? ""), "track"), line([[p.m2, toBus(g, w)], [g.bus.m1, toBus(g, w)]], "track"));
    if (p.fold) drawFold(s, p, state);
    else drawRow(s, p, state);
  }
}

/** @param {PodBox} p */
const idsOf = p => p.workers.flatMap(w => (w.id ? [w.id] : w.rest ?? []));

/**
 * How many of what is shown reached a pod, and missed.
 * @type {(p: PodBox, state: State) => { reached: number, missed: number, step: boolean }}
 */
function tallyOf(p, { shown }) {
  const ids = idsOf(p);
  if (shown.kind === "burst") {
    /** @param {Record<string, number>} by */
    const count = by => ids.reduce((n, id) => n + (by[id] ?? 0), 0);
    return { reached: count(shown.reached), missed: actionOf(shown.op).bus ? 0 : count(shown.missed), step: false };
  }
  const missed = shown.kind === "trace" && shown.hops.slice(0, shown.done).some(h => h.kind === "miss" && ids.includes(h.from));
  return { reached: 0, missed: missed ? 1 : 0, step: missed };
}

/** @param {State} state */
const missWords = ({ shown }) => (shown.kind === "trace" ? actionOf(shown.m.op).miss?.words : null) ?? NO_SOCKET;

/** @type {(p: PodBox, state: State) => { css: string, words: string[], step: boolean }} */
function rowWords(p, state) {
  const { reached, missed, step } = tallyOf(p, state), held = p.workers.some(w => holds(w, state)), own = podState(p, state);
  const lacking = missWords(state);
  if (step) return { css: "misst", words: held && p.workers.length === 1 && lacking === NO_SOCKET ? ["another worker", "missed"] : lacking, step };
  if (missed) return { css: "misst", words: [...(reached > missed ? [`${missed} of ${reached} missed`] : []), `${missed} missed`], step };
  if (held) return { css: "t2", words: [...(reached ? [`your socket: ${reached}`, `yours: ${reached}`] : []), ...own.map(words => `your socket, ${words}`), "your socket", "yours"], step };
  if (reached) return { css: "tm", words: [...own.map(words => `${words}: ${reached}`), String(reached)], step };
  return { css: "t2", words: own, step };
}

/** @type {(s: Sheet, p: PodBox, state: State) => void} */
function drawRow(s, p, state) {
  const { g, under, rect, dot, xy, fits, width } = s, [w] = p.workers, two = !w.tight, dots = p.workers.filter(x => x.dot), last = dots[dots.length - 1]?.dot?.[0] ?? 0;
  under.push(rect(p, `pod s${p.slot}${p.state === "ready" ? "" : " " + p.state}`, 5, { "data-pod": p.name, "data-state": p.state, "data-slot": p.slot }));
  under.push(dot(jackIn(g, w), "jack", g.unit < .7 ? 4.5 : 5.5));
  const first = two && (dots.length || g.narrow), middle = (p.c1 + p.c2) / 2, line1 = middle + (first ? -4 : 4.5), line2 = middle + (first ? 12 : 4.5);
  let x = p.m1 + (g.narrow ? 32 : !first && dots.length ? last - p.m1 + 12 : 30);
  if (g.narrow) under.push(["rect", { x: (p.m1 + 2).toFixed(1), y: (p.c1 + 3).toFixed(1), width: 6, height: (p.c2 - p.c1 - 6).toFixed(1), fill: `url(#pt-${p.slot})` }]);
  else {
    under.push(["rect", { x: x.toFixed(1), y: (line1 - 10.5).toFixed(1), width: 16, height: 12, fill: `url(#pt-${p.slot})` }]);
    x += 23;
  }
  const { css, words, step } = rowWords(p, state), end = p.m2 - (g.narrow ? 6 : 10) - (step ? STEP_ROOM : 0), below = first && g.narrow;
  drawDots(s, p, state, Boolean(below && words.length));
  const short = Math.min(width("tm", p.name), width("tm", "0") * 7);
  const said = fits(css, words, below ? end - Math.max(x, dots.length ? last + 8 : 0) : end - x - short - 12);
  xy(x, line1, "tm", nameIn(s, p.name, (below ? p.m2 - 4 : end - (said ? width(css, said) + 12 : 0)) - x));
  if (said) xy(end, below ? line2 : line1, css, said, "end");
  // One worker is the pod itself: the hook stays, without a dot.
  if (!dots.length) under.push(["path", workerHook(w)]);
}

/** @type {(w: WorkerBox) => Attributes} */
const workerHook = w => (w.id ? { "data-worker": w.id, "data-state": w.state } : { "data-more": w.rest?.length });

/** @type {(s: Sheet, p: PodBox, state: State, bare: boolean) => void} */
function drawDots({ g, under, xy, dot }, p, { shown, ...state }, bare) {
  const hops = shown.kind === "trace" ? shown.hops.slice(0, shown.done) : [];
  for (const w of p.workers) {
    if (!w.dot) continue;
    if (w.rest) {
      under.push(["path", workerHook(w)]);
      if (!bare) xy(w.dot[0] + (g.narrow ? -3 : 8), w.dot[1] + 4.3, "t2", `+${w.rest.length}`);
      continue;
    }
    const id = w.id ?? "", met = shown.kind === "burst" ? shown.reached[id] : hops.some(h => h.to === id || h.from === id);
    const [tag, look] = dot(w.dot, `dot${holds(w, { shown, ...state }) ? ` f${p.slot}` : met ? " met" : ""}${w.state === "ready" ? "" : " " + w.state}`, g.narrow ? 3.5 : 4);
    under.push([tag, { ...look, ...workerHook(w) }]);
  }
}

/** @type {(s: Sheet, p: PodBox, state: State) => void} */
function drawFold(s, p, state) {
  const { under, rect, xy, fits, width } = s, { reached, missed } = tallyOf(p, state), x = p.m1 + 30, end = p.m2 - 12;
  under.push(rect({ m1: p.m1 + 4, m2: p.m2 - 4, c1: p.c2, c2: p.c2 + 3 }, "fold back", 2), rect(p, "fold", 7, { "data-fold": p.fold, "data-reached": reached, "data-missed": missed }));
  const line1 = p.c1 + 18, line2 = p.c2 - 8, [css, count] = missed ? ["misst", [...(reached > missed ? [`${missed} of ${reached} missed`] : []), `${missed} missed`]] : ["tm", reached ? [String(reached)] : []];
  const title = fits("t1", [`+${p.fold} more ${p.fold > 1 ? "pods" : "pod"}`, `+${p.fold} pods`], end - x), said = fits(css, count, end - x);
  xy(x, line1, "t1", title);
  const beside = width("t1", title) + 14 + width(css, said) <= end - x;
  if (said) xy(end, beside ? line1 : line2, css, said, "end");
  if (beside || !said) xy(x, line2, "link", "show all");
}

/** Where a row says that a message missed, and the number of that step. @type {(s: Sheet, p: PodBox, w: WorkerBox, hop: string, n?: number) => void} */
export function missInRow(s, p, w, hop, n) {
  const { g, cross, badge } = s, jack = jackIn(g, w);
  if (w.dot) cross(w.dot, hop, g.narrow ? 4.5 : 6);
  else cross(p.fold ? [p.m1 + 15, p.lane] : jack, hop, g.unit < .7 ? 7.5 : 9.5);
  const two = g.narrow && !w.tight;
  if (n !== undefined) badge(p.m2 - (g.narrow ? 14 : 16), (p.c1 + p.c2) / 2 + (two ? 9 : w.dot && !w.tight ? -9 : 0), n);
}
