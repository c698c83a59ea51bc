// draw(state) gives the map as data. Pure: it reads no DOM, no clock and no randomness.
/** @import { Layout, State } from "./types.d.ts" */
import { fold } from "./fold.js";
import { geometry } from "./geometry.js";
import { sheet } from "./sheet.js";
import { drawNodes } from "./draw-nodes.js";
import { drawPods } from "./draw-pods.js";
import { drawCord } from "./draw-cord.js";
import { drawTrace } from "./draw-trace.js";
import { drawBurst } from "./draw-burst.js";

/**
 * @param {State} state
 * @returns {Layout}
 */
export function layout(state) {
  const shown = fold(state.view, state.world.pods, state.socket.at);
  return { ...geometry(state.view, shown.pods), hidden: shown.hidden };
}

/** @param {State} state */
export function draw(state, g = layout(state)) {
  const s = sheet(g);
  drawNodes(s, state);
  drawPods(s, state);
  drawCord(s, state);
  if (state.shown.kind === "trace") drawTrace(s, state, state.shown);
  if (state.shown.kind === "burst") drawBurst(s, state, state.shown);
  return s.tree();
}
