// Pods and their workers, and the lanes that lead to them. Pure.
/** @import { Layout, PodBox, State, WorkerBox } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { fit } from "./ids.js";
import { secondsLeft } from "./topology.js";
import { jackIn, toBus, wayIn } from "./lanes.js";

// Widths of a character, to tell what fits.
const MONO = 7.9, BOLD = 6.4, PLAIN = 5.3;

/** @type {(s: Sheet, state: State) => void} */
export function drawPods(s, state) {
  for (const p of s.g.pods) {
    drawPod(s, p, state);
    for (const w of p.workers) drawWorker(s, p, w, state);
  }
}

/**
 * What there is to say about a pod, the longest first.
 * @type {(s: Sheet, p: PodBox, now: number) => string[]}
 */
function notes(s, p, now) {
  const left = secondsLeft(p, now);
  if (p.state === "draining") return left === null ? ["draining"] : [`draining, ${left} s left`, `draining ${left} s`, `${left} s`];
  if (p.state !== "ready") return [p.state];
  return p.workers.length > 1 && !s.g.tall ? ["any worker may accept", ""] : [""];
}

/** @type {(s: Sheet, p: PodBox, state: State) => void} */
function drawPod(s, p, state) {
  const { g, under, xy, rect } = s, across = p.c2 - p.c1;
  under.push(rect(p, `pod s${p.slot}${p.state === "ready" ? "" : " " + p.state}`, 7, { "data-pod": p.name, "data-state": p.state, "data-slot": p.slot }));
  const edge = g.tall && across < 50 ? 5 : g.tall ? 8 : 12;
  const [x, y] = g.tall ? [p.c1 + edge, p.m1 + 9] : [p.m1 + edge, p.c1 + 9];
  under.push(["rect", { x: x.toFixed(1), y: y.toFixed(1), width: g.tall ? Math.min(22, across - 2 * edge).toFixed(1) : 26, height: 12, fill: `url(#pt-${p.slot})` }]);
  const all = notes(s, p, state.now), inside = p.m2 - p.m1 - 59;
  if (g.tall) {
    const words = all.find(n => n.length * PLAIN <= across - edge) ?? "";
    xy(x, y + 27, "tm halo", fit(p.name, Math.floor((across - edge - 2) / MONO)));
    if (words) xy(x, p.m2 + 14, "t2 halo", words);
    return;
  }
  const words = all.find(n => n.length * PLAIN + (n ? 8 : 0) + p.name.length * MONO <= inside) ?? all[all.length - 1];
  xy(x + 35, y + 11, "tm", fit(p.name, Math.floor((inside - words.length * PLAIN - (words ? 8 : 0)) / MONO)));
  if (words) xy(p.m2 - 12, y + 11, "t2", words, "end");
}

/** @type {(s: Sheet, p: PodBox, w: WorkerBox, state: State) => void} */
function drawWorker(s, p, w, state) {
  const { g, under, rect, line, dot } = s, first = w.id ?? w.rest?.[0] ?? "";
  const hook = w.id ? { "data-worker": w.id, "data-state": w.state } : { "data-more": w.rest?.length };
  under.push(rect(w, `work${w.state === "ready" ? "" : " " + w.state}`, 5, hook));
  under.push(line(wayIn(g, "out", first), "track"));
  under.push(line([[w.m2, toBus(g, w)], [g.bus.m1, toBus(g, w)]], "track"));
  under.push(dot(jackIn(g, w), "jack", g.unit < 1 ? 5.5 : 7));
  nameWorker(s, w);
  if (holds(w, state)) sayAt(s, w, "t2", heldWords(g, w, p, state));
}

/**
 * Whether a box holds the page's socket.
 * @type {(w: WorkerBox, state: State) => boolean}
 */
export const holds = (w, { socket: { state, at } }) => state === "live" && at !== null && (w.id === at || Boolean(w.rest?.includes(at)));

/** @type {(s: Sheet, w: WorkerBox) => void} */
function nameWorker({ g, mc }, w) {
  const name = w.rest ? (w.all ? (g.tall ? `×${w.rest.length}` : `${w.rest.length} workers`) : g.tall ? `+${w.rest.length}` : `+${w.rest.length} workers`)
    : w.n === null ? "" : g.tall ? `:${w.n}` : `worker ${w.n}`;
  if (!name) return;
  if (g.tall) mc(w.m2 - 25, w.c1 + (w.c2 - w.c1 < 34 ? 3 : 7), "tm", name);
  else mc(w.m1 + 38, w.lane + (w.tight ? -4 : 1), "tm", name);
}

/**
 * The line under a worker's name: the first of `words` that fits.
 * @type {(s: Sheet, w: WorkerBox, css: string, words: string[]) => void}
 */
export function sayAt(s, w, css, words) {
  const { g, xy } = s, room = g.tall ? w.c2 - w.c1 - 9 : w.m2 - w.m1 - 42;
  const said = words.find(x => x.length * BOLD <= room);
  if (!said) return;
  if (g.tall) xy(w.c1 + (w.c2 - w.c1 < 34 ? 3 : 7), w.m2 - 9, css, said);
  else xy(w.m1 + 38, w.lane + (w.tight ? 12 : 18), css, said);
}

/** @type {(g: Layout, w: WorkerBox, p: PodBox, state: State) => string[]} */
function heldWords(g, w, p, { shown, socket }) {
  const at = socket.at ?? "";
  if (shown.kind === "burst" && shown.missed[at]) return [];
  if (shown.kind === "trace" && shown.hops.slice(0, shown.done).some(h => h.kind === "miss" && (h.from === w.id || w.rest?.includes(h.from)))) return [];
  const n = shown.kind === "burst" && p.workers.length > 1 ? shown.reached[at] : 0;
  return g.tall ? [...(n ? [`${n} yours`] : []), "yours"] : [...(n ? [`your socket: ${n}`] : []), "your socket", "yours"];
}
