// draw(state) gives the map as data. Pure: it reads no DOM, no clock and no randomness.
/** @import { Layout, State } from "./types.d.ts" */
import { fold, shownWorkers } from "./fold.js";
import { geometry } from "./geometry.js";
import { sheet } from "./sheet.js";
import { widthIn } from "./text.js";
import { drawHeads, drawNodes } from "./draw-nodes.js";
import { drawPods } from "./draw-pods.js";
import { drawRows } from "./draw-rows.js";
import { drawCord } from "./draw-cord.js";
import { drawTrace } from "./draw-trace.js";
import { drawBurst } from "./draw-burst.js";

/**
 * @param {State} state
 * @returns {Layout}
 */
export function layout(state) {
  const folded = fold(state.view, state.world.pods, state.socket.at, state.shown);
  return { ...geometry(state.view, folded, [state.socket.at, ...shownWorkers(state.shown)]), hidden: folded.hidden };
}

/** @param {State} state */
export function draw(state, g = layout(state)) {
  const s = sheet(g, widthIn(state.view));
  drawNodes(s, state);
  if (g.style === "rows") drawRows(s, state);
  else drawPods(s, state);
  drawCord(s, state);
  if (state.shown.kind === "trace") drawTrace(s, state, state.shown);
  if (state.shown.kind === "burst") drawBurst(s, state, state.shown);
  drawHeads(s, state);
  return s.tree();
}
