// What a message leaves behind: its outcome at the browser, a cookie on its lane, a miss at a worker. Pure.
/** @import { Layout, Point, State } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { at, workerBox } from "./geometry.js";
import { beforeBus, busIn, jackIn, off, toBus } from "./lanes.js";
import { holds, sayAt } from "./draw-pods.js";

/** What a missed worker says, the longest first. */
export const NO_SOCKET = ["no socket of yours", "no socket here", "missed", "miss"];

/** @type {(g: Layout) => Point} */
const outcomeAt = g => (g.tall ? [(g.browser.m1 + g.browser.m2) / 2, g.W - 34] : [g.browser.m2 - 24, g.c0 + 17]);

/** @param {Sheet} s */
export function markArrived(s) {
  const [x, y] = at(s.g, outcomeAt(s.g)).map(n => +n.toFixed(1));
  s.over.push(["circle", { class: "okring", cx: x, cy: y, r: 10, "data-outcome": "arrived" }], ["path", { class: "okmark", d: `M${x - 4.5} ${y + .3}l3.2 3.4l5.8 -7` }]);
}

/** @param {Sheet} s */
export const markMissed = s => s.cross(outcomeAt(s.g));

/** @param {Sheet} s */
export function markCookie({ g, over }) {
  const [x, y] = at(g, [g.browser.m2 + (g.door.m1 - g.browser.m2) * .3, g.c0 + off(g, "out")]).map(n => +n.toFixed(1));
  over.push(["circle", { class: "case", cx: x, cy: y, r: 7, "stroke-width": 3 }], ["circle", { class: "cookie", cx: x, cy: y, r: 6.5 }],
    ["circle", { class: "cookie-bite", cx: x + 4.6, cy: y - 4.4, r: 3 }], ["circle", { class: "cookie-bite", cx: x - 2, cy: y + 1, r: 1.1 }],
    ["circle", { class: "cookie-bite", cx: x + 1.8, cy: y + 2.8, r: 1.1 }]);
}

/** @type {(s: Sheet, id: string, words: string[], state: State) => void} */
export function missAtWorker(s, id, words, state) {
  const { g } = s, f = workerBox(g, id);
  if (!f) return;
  // A box that stands for several workers can hold the socket and miss: the message reached another of them.
  const other = holds(f.w, state) && (f.w.rest !== null || f.w.n === null), jack = jackIn(g, f.w);
  s.cross(other ? [jack[0], f.w.lane + off(g, "out")] : jack, `${id}>:miss`);
  sayAt(s, f.w, "misst", other && words === NO_SOCKET ? ["another worker", "other"] : words);
}

/** @type {(s: Sheet, publisher: string | undefined) => void} */
export function missAtBus(s, publisher) {
  const f = publisher && workerBox(s.g, publisher);
  if (f) s.cross([busIn(s.g), toBus(s.g, f.w)], "bus>:miss");
}

/** Where a worker tried to publish and the bus took nothing. @type {(s: Sheet, id: string) => void} */
export function stopBeforeBus(s, id) {
  const f = workerBox(s.g, id);
  if (f) s.cross([beforeBus(s.g), toBus(s.g, f.w)], `${id}>:publish`);
}
