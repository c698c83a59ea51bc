// What sessions are for: three use cases with the six buttons' map.
// Hooks for tests: #case-download[data-pieces][data-misses][data-at][data-gone] with li[data-by][data-way] for each piece;
// [data-part="canary-sticky"][data-n][data-changes][data-versions]; [data-part="model-sticky"][data-n][data-cold]; each article has
// data-busy; buttons are [data-do].
/** @import { Wire } from "./types.d.ts" */
/** @import { CaseEnv } from "./case-panel.js" */
import { createCanary } from "./case-canary.js";
import { createDownload } from "./case-download.js";
import { createModel } from "./case-model.js";
import { $ } from "./dom.js";

/** @param {CaseEnv} env */
export function createCases(env) {
  const download = createDownload(env), canary = createCanary(env), model = createModel(env);
  const refresh = () => [download, canary, model].forEach(panel => panel.refresh());
  let width = $("cases").clientWidth;
  new ResizeObserver(() => {
    if ($("cases").clientWidth === width) return;
    width = $("cases").clientWidth;
    requestAnimationFrame(refresh);
  }).observe($("cases"));
  return {
    refresh,
    restart: model.restart,
    /** @param {Wire} frame */
    frame: frame => download.frame(frame),
  };
}
