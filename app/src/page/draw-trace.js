// One message: its hops so far, numbered as in the ledger. Pure.
/** @import { DrawnHop, ShownTrace, State } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { actionOf } from "./actions.js";
import { workerBox } from "./geometry.js";
import { arrow, fromBus, hopWay, off, toBus } from "./lanes.js";
import { steps } from "./words.js";
import { markArrived, markCookie, markMissed, missAtBus, missAtWorker, stopBeforeBus } from "./draw-marks.js";
import { NO_SOCKET } from "./draw-rows.js";

/** @param {DrawnHop} h */
const hopName = h => `${h.from}>${h.to ?? ""}:${h.kind}`;

/** @type {(s: Sheet, h: DrawnHop, publisher?: string) => void} */
function drawHop(s, h, publisher) {
  const { g, lines, over, line } = s, way = hopWay(g, h, publisher);
  if (way.length < 2) return;
  if (h.kind !== "frame" && h.kind !== "push") lines.push(line(way, "case", { "stroke-width": 6 }));
  // The cross at the end of a lane that the bus didn't take carries the hop's name.
  lines.push(line(way, "hop " + h.kind, { "data-hop": h.to === null ? undefined : hopName(h) }));
  if (h.to === "door" || h.to === null) return;
  over.push(arrow(g, way, h.kind === "answer" || h.kind === "ignore" ? 7 : 9, h.kind));
}

/**
 * Drops by workers without the page's socket. They are known only from counters, so a drop has no number and no time.
 * @type {(s: Sheet, ids: string[], publisher?: string) => void}
 */
export function drawDrops(s, ids, publisher) {
  for (const id of ids) drawHop(s, { from: "bus", to: id, kind: "ignore" }, publisher);
}

/** @type {(s: Sheet, h: DrawnHop, n: number, publisher: string | undefined, words: string[], state: State) => void} */
function drawNumber(s, h, n, publisher, words, state) {
  const { g } = s, f = [h.from, h.to].map(x => x && workerBox(g, x)).find(Boolean), gap = f ? (g.door.m2 + f.p.m1) / 2 : 0, mid = (g.browser.m2 + g.door.m1) / 2;
  if (h.kind === "post" && f) s.badge(gap, f.p.lane + off(g, "out"), n);
  if (h.kind === "frame" && f) s.badge(gap - 11, f.p.lane + off(g, "ws"), n);
  if (h.kind === "answer") s.badge(mid + 14, g.c0 + off(g, "back"), n);
  if (h.kind === "push") s.badge(mid + (g.tall ? 10 : 0), g.c0 + off(g, "ws"), n);
  // Both may be at the same worker, so they stand side by side.
  const apart = Math.sqrt(18 ** 2 - (16 * g.unit) ** 2) / 2, busSide = f ? (f.p.m2 + g.bus.m1) / 2 : 0;
  if (h.kind === "publish" && f) s.badge(busSide - apart, toBus(g, f.w), n);
  if (h.kind === "deliver" && f) s.badge(busSide + apart, fromBus(g, f.w), n);
  if (h.kind === "publish" && h.to === null) stopBeforeBus(s, h.from);
  if (h.kind === "miss" && h.from === "bus") missAtBus(s, publisher);
  else if (h.kind === "miss") missAtWorker(s, h.from, words, state, n);
}

/** @type {(s: Sheet, state: State, shown: ShownTrace) => void} */
export function drawTrace(s, state, { m, hops, done, drops }) {
  const publisher = hops.find(h => h.kind === "publish")?.from;
  drawDrops(s, drops, publisher);
  hops.slice(0, done).forEach(h => drawHop(s, h, publisher));
  steps(hops).forEach((step, i) => {
    const last = step.hops[step.hops.length - 1];
    if (last < done) drawNumber(s, hops[last], i + 1, publisher, actionOf(m.op).miss?.words ?? NO_SOCKET, state);
  });
  if (done && m.cookies?.length) markCookie(s);
  if (!m.finished || !hops.length || done < hops.length) return;
  if (m.outcome === "arrived") markArrived(s);
  else if (!hops.some(h => h.to === null)) markMissed(s);
}
