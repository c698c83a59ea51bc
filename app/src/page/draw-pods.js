// Pods and their workers in boxes, and the lanes that lead to them. Pure.
/** @import { PodBox, State, WorkerBox } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { fit } from "./ids.js";
import { secondsLeft } from "./topology.js";
import { jackIn, off, toBus, wayIn } from "./lanes.js";

const SHORT_VERSION = 8;

/** @type {(s: Sheet, state: State) => void} */
export function drawPods(s, state) {
  for (const p of s.g.pods) {
    drawPod(s, p, state);
    for (const w of p.workers) drawWorker(s, p, w, state);
  }
}

/**
 * What there is to say about a pod that isn't simply ready, or that is of another version than some other, the longest first.
 * @type {(p: PodBox, state: State) => string[]}
 */
export function podState(p, { now, world }) {
  const left = secondsLeft(p, now);
  if (p.state === "draining") return left === null ? ["draining"] : [`draining, ${left} s left`, `draining ${left} s`, `${left} s`];
  if (p.state !== "ready") return [p.state];
  return p.version && world.pods.some(other => other.version !== p.version) ? [p.version, fit(p.version, SHORT_VERSION)] : [];
}

/** A name, of which at least the end has room. @type {(s: Sheet, name: string, room: number) => string} */
export const nameIn = ({ width }, name, room) => fit(name, Math.floor(room / width("tm", "0")));

/** @type {(s: Sheet, p: PodBox, state: State) => void} */
function drawPod(s, p, state) {
  s.under.push(s.rect(p, `pod s${p.slot}${p.state === "ready" ? "" : " " + p.state}`, 7, { "data-pod": p.name, "data-state": p.state, "data-slot": p.slot }));
  if (s.g.tall) headColumn(s, p, state);
  else headBox(s, p, state);
}

/** @type {(s: Sheet, p: PodBox, x: number, y: number, width: number) => void} */
const swatchAt = (s, p, x, y, width) => { s.over.push(["rect", { x: x.toFixed(1), y: y.toFixed(1), width, height: 12, fill: `url(#pt-${p.slot})` }]); };

/** @type {(s: Sheet, p: PodBox, state: State) => void} */
function headBox(s, p, state) {
  const { g, xy, fits, width } = s, edge = g.narrow ? 8 : 12, swatch = g.narrow || p.m2 - p.m1 < 240 ? 16 : 26, left = p.m1 + edge + swatch + 8, y = p.c1 + 20, room = p.m2 - edge - left;
  const own = podState(p, state), all = own.length || !p.split ? own : ["any worker may accept"];
  const said = fits("t2", all, room - 10 - Math.min(width("tm", p.name), width("tm", "0") * 7));
  swatchAt(s, p, p.m1 + edge, p.c1 + 9, swatch);
  xy(left, y, "tm", nameIn(s, p.name, room - (said ? width("t2", said) + 10 : 0)));
  if (said) xy(p.m2 - edge, y, "t2", said, "end");
}

/**
 * In columns the lanes come down through the pod's head, so that its name keeps to their left, or stands below them in its only worker.
 * @type {(s: Sheet, p: PodBox, state: State) => void}
 */
function headColumn(s, p, state) {
  const { g, xy, fits } = s, own = podState(p, state), [w] = p.workers;
  if (p.split) {
    const x = p.c1 + 8, room = p.lane + off(g, "out") - 6 - x, said = fits("t2", own, room - 24);
    swatchAt(s, p, x, p.m1 + 8, 16);
    xy(x, p.m1 + 36, "tm", nameIn(s, p.name, room));
    if (said) xy(x + 24, p.m1 + 19, "t2", said);
    return;
  }
  const room = w.c2 - w.c1 - 10, said = fits("t2", own, room), full = `${p.name}:${w.n}`;
  swatchAt(s, p, w.c1 + 6, w.m1 + 44, 16);
  xy(w.c1 + 6, w.m1 + 74, "tm", w.n !== null && s.width("tm", full) <= room ? full : nameIn(s, p.name, room));
  if (said) xy(w.c1 + 6, w.m1 + 112, "t2", said);
}

/** @type {(s: Sheet, p: PodBox, w: WorkerBox, state: State) => void} */
function drawWorker(s, p, w, state) {
  const { g, under, rect, line, dot } = s, first = w.id ?? w.rest?.[0] ?? "";
  const hook = w.id ? { "data-worker": w.id, "data-state": w.state } : { "data-more": w.rest?.length };
  under.push(rect(w, `work${w.state === "ready" ? "" : " " + w.state}`, 5, hook));
  under.push(line(wayIn(g, "out", first), "track"));
  under.push(line([[w.m2, toBus(g, w)], [g.bus.m1, toBus(g, w)]], "track"));
  under.push(dot(jackIn(g, w), "jack", g.unit < .8 ? 5.5 : 7));
  nameWorker(s, w);
  if (holds(w, state)) sayAt(s, w, "t2", heldWords(w, p, state));
}

/**
 * Whether a box holds the page's socket.
 * @type {(w: WorkerBox, state: State) => boolean}
 */
export const holds = (w, { socket: { state, at } }) => state === "live" && at !== null && (w.id === at || Boolean(w.rest?.includes(at)));

/**
 * Where a worker's words start, and where they end.
 * @type {(s: Sheet, w: WorkerBox) => [m1: number, m2: number]}
 */
const wordsIn = ({ g }, w) => (g.tall ? [w.c1 + 6, w.c2 - 3] : [jackIn(g, w)[0] + (g.narrow ? 11 : w.tight ? 14 : 18), w.m2 - (g.narrow ? 4 : 10)]);

/** @type {(s: Sheet, w: WorkerBox) => string[]} */
function workerNames(s, w) {
  const { g, width } = s;
  if (w.rest) return w.all ? [`${w.rest.length} workers`, `×${w.rest.length}`] : [`+${w.rest.length} workers`, `+${w.rest.length}`];
  if (w.n === null) return [""];
  // On one line the name leaves room for a miss.
  const [m1, m2] = wordsIn(s, w), name = `worker ${w.n}`;
  return g.tall || g.narrow || (w.tight && m2 - m1 < width("tm", name) + width("misst", "missed") + 32) ? [`:${w.n}`] : [name];
}

/** @type {(s: Sheet, w: WorkerBox) => void} */
function nameWorker(s, w) {
  const { g, xy, fits } = s, [m1, m2] = wordsIn(s, w), name = fits("tm", workerNames(s, w), m2 - m1);
  if (!name) return;
  // In columns a pod's only worker has the pod's name.
  if (g.tall && !w.tight) return;
  if (g.tall) xy(m1, w.m2 - 26, "tm", name);
  else xy(m1, w.tight ? w.lane + off(g, "ws") + 4 : w.lane + 1, "tm", name);
}

/**
 * What is said about a worker, below its name or after it: the first of `words` that has room beside `beside` pixels for something else.
 * @type {(s: Sheet, w: WorkerBox, css: string, words: string[], beside?: number) => void}
 */
export function sayAt(s, w, css, words, beside = 0) {
  const { g, xy, fits, width } = s, [m1, m2] = wordsIn(s, w);
  if (g.style === "rows") return;
  if (g.tall) xy(m1, (w.tight ? w.m2 - 9 : w.m1 + 94), css, fits(css, words, m2 - m1));
  else if (!w.tight) xy(m1, w.lane + 18, css, fits(css, words, m2 - m1 - beside));
  else {
    const names = workerNames(s, w), name = width("tm", fits("tm", names, m2 - m1));
    const said = fits(css, words, m2 - beside - m1 - name - (name ? 6 : 0));
    if (said) xy(m2 - beside, w.lane + off(g, "ws") + 4, css, said, "end");
  }
}

/** @type {(w: WorkerBox, p: PodBox, state: State) => string[]} */
function heldWords(w, p, { shown, socket }) {
  const at = socket.at ?? "";
  if (shown.kind === "burst" && shown.missed[at]) return [];
  if (shown.kind === "trace" && shown.hops.slice(0, shown.done).some(h => h.kind === "miss" && (h.from === w.id || w.rest?.includes(h.from)))) return [];
  const n = shown.kind === "burst" && p.workers.length > 1 ? shown.reached[at] : 0;
  return [...(n ? [`your socket: ${n}`, `yours: ${n}`, `${n} yours`] : []), "your socket", "yours"];
}
