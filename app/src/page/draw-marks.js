// Marks that a message leaves: what became of it, in the browser; a cookie on its lane; a miss at a worker. Pure.
import { at, workerBox } from "./geometry.js";
import { busIn, jackAt, off, toBus } from "./lanes.js";
import { holds, sayAt } from "./draw-pods.js";

const outcomeAt = g => (g.tall ? [(g.browser.m1 + g.browser.m2) / 2, g.W - 34] : [g.browser.m2 - 24, g.c0 + 17]);

export function markArrived(s) {
  const [x, y] = at(s.g, outcomeAt(s.g)).map(n => +n.toFixed(1));
  s.over.push(["circle", { class: "okring", cx: x, cy: y, r: 10, "data-outcome": "arrived" }], ["path", { class: "okmark", d: `M${x - 4.5} ${y + .3}l3.2 3.4l5.8 -7` }]);
}
export const markMissed = s => s.cross(outcomeAt(s.g));

export function markCookie(s) {
  const { g, over } = s, [x, y] = at(g, [g.browser.m2 + (g.door.m1 - g.browser.m2) * .3, g.c0 + off(g, "out")]).map(n => +n.toFixed(1));
  over.push(["circle", { class: "case", cx: x, cy: y, r: 7, "stroke-width": 3 }], ["circle", { class: "cookie", cx: x, cy: y, r: 6.5 }],
    ["circle", { class: "cookie-bite", cx: x + 4.6, cy: y - 4.4, r: 3 }], ["circle", { class: "cookie-bite", cx: x - 2, cy: y + 1, r: 1.1 }],
    ["circle", { class: "cookie-bite", cx: x + 1.8, cy: y + 2.8, r: 1.1 }]);
}

export function missAtWorker(s, id, words, state) {
  const { g } = s, f = workerBox(g, id);
  if (!f) return;
  // A box that stands for several workers can hold your socket and miss: another of its workers was asked.
  const other = holds(f.w, state) && (f.w.rest || f.w.n === null), jack = jackAt(g, id);
  s.cross(other ? [jack[0], f.w.lane + off(g, "out")] : jack, `${id}>:miss`);
  sayAt(s, f.w, "misst", other && words[0] === NO_SOCKET[0] ? ["another worker", "other"] : words);
}
export const NO_SOCKET = ["no socket of yours", "no socket here", "none"];

export function missAtBus(s, publisher) {
  const { g } = s, f = publisher && workerBox(g, publisher);
  if (f) s.cross([busIn(g), toBus(g, f.w)], "bus>:miss");
}
