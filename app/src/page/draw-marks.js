// What a message leaves behind: its outcome at the browser, a cookie on its lane, a miss at a worker. Pure.
/** @import { Layout, Point, State } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { at, workerBox } from "./geometry.js";
import { beforeBus, busIn, jackIn, off, toBus } from "./lanes.js";
import { holds, sayAt } from "./draw-pods.js";
import { NO_SOCKET, missInRow } from "./draw-rows.js";

/** @type {(g: Layout) => Point} */
function outcomeAt({ tall, browser, W, c0 }) {
  if (tall) return [(browser.m1 + browser.m2) / 2, W - 34];
  // A browser with room beside the client's id has it there, else below.
  return browser.m2 - browser.m1 > 104 ? [browser.m2 - 24, c0 + 17] : [(browser.m1 + browser.m2) / 2, c0 + 42];
}

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

/** A miss at a worker, with the number of its step. @type {(s: Sheet, id: string, words: string[], state: State, n?: number) => void} */
export function missAtWorker(s, id, words, state, n) {
  const { g } = s, f = workerBox(g, id), hop = `${id}>:miss`;
  if (!f) return;
  if (g.style === "rows") return missInRow(s, f.p, f.w, hop, n);
  // A box that stands for several workers can hold the socket and miss: the message reached another of them. Nor is the socket to blame
  // for a miss of a use case.
  const other = holds(f.w, state) && (f.w.rest !== null || f.w.n === null || words !== NO_SOCKET), jack = jackIn(g, f.w), beside = f.w.tight && !g.tall && n !== undefined;
  /** @type {Point} */
  const place = other ? [jack[0], f.w.lane + off(g, "out")] : jack;
  s.cross(place, hop, g.unit < .8 ? 7.5 : 9.5);
  sayAt(s, f.w, "misst", other && words === NO_SOCKET ? ["another worker", "other"] : words, beside ? 19 : 0);
  if (n === undefined) return;
  if (beside) s.badge(f.w.m2 - (g.narrow ? 13 : 16), f.w.lane + off(g, "ws"), n);
  // In columns that is to the left of the cross, else above it.
  else s.badge(place[0], place[1] - 20, n);
}

/** @type {(s: Sheet, publisher: string | undefined) => void} */
export function missAtBus(s, publisher) {
  const f = publisher && workerBox(s.g, publisher);
  if (f) s.cross([busIn(s.g), toBus(s.g, f.w)], "bus>:miss");
}

/** Where a worker tried to publish and the bus took nothing. @type {(s: Sheet, id: string) => void} */
export function stopBeforeBus(s, id) {
  const f = workerBox(s.g, id);
  if (f) s.cross([beforeBus(s.g), toBus(s.g, f.w)], `${id}>:publish`, s.g.unit < .8 ? 7.5 : 9.5);
}
