// The map on the page: paints what draw() gives, and moves a bead along a hop.
/** @import { Hop, State } from "./types.d.ts" */
import { $ } from "./dom.js";
import { draw, layout } from "./draw.js";
import { hopWay, pathOf } from "./lanes.js";
import { build, el } from "./tree.js";

const TALL_BELOW = 600, LARGE_FROM = 1500, BEAD = 7.5;

/** @typedef {ReturnType<typeof createMap>} MapView */

/** @param {State} state */
export function createMap(state) {
  const box = $("map"), scene = build(["g", {}]), fx = build(["g", {}]);
  const svg = build(["svg", { role: "img", "aria-labelledby": "caption" }]);
  svg.append(scene, fx);
  box.append(svg);

  function paint() {
    const g = layout(state);
    svg.setAttribute("viewBox", `0 0 ${g.W} ${g.H.toFixed(0)}`);
    scene.replaceChildren(build(draw(state, g)));
  }

  function measure() {
    const w = Math.max(280, Math.round(box.clientWidth));
    state.view = { w, h: innerWidth >= LARGE_FROM ? 520 : 440, tall: w < TALL_BELOW };
    paint();
  }
  new ResizeObserver(() => {
    if (Math.round(box.clientWidth) !== state.view.w) requestAnimationFrame(measure);
  }).observe(box);
  measure();

  /**
   * Moves a bead along a hop. Resolves when it has arrived or `wanted` no longer holds, and with false where the hop isn't drawn.
   * @param {Hop} hop
   * @param {string | undefined} publisher
   * @param {number} ms
   * @param {() => boolean} wanted
   * @returns {Promise<boolean>}
   */
  function glide(hop, publisher, ms, wanted) {
    const g = layout(state), d = pathOf(g, hopWay(g, hop, publisher));
    if (!d) return Promise.resolve(false);
    const path = /** @type {SVGPathElement} */ (build(["path", { d, class: "hop" }])), bead = build(["circle", { class: "bead", r: BEAD }]), start = performance.now();
    fx.append(path, bead);
    const length = path.getTotalLength();
    path.setAttribute("stroke-dasharray", `${length} ${length}`);
    return new Promise(done => {
      /** @param {number} now */
      const frame = now => {
        const k = Math.max(0, Math.min(1, (now - start) / ms)), eased = k < .5 ? 2 * k * k : 1 - (2 - 2 * k) ** 2 / 2, p = path.getPointAtLength(length * eased);
        path.setAttribute("stroke-dashoffset", String(length * (1 - eased)));
        bead.setAttribute("transform", `translate(${p.x} ${p.y})`);
        if (k < 1 && wanted()) {
          requestAnimationFrame(frame);
          return;
        }
        path.remove();
        bead.remove();
        done(true);
      };
      // A page in the background gets no animation frames, and its messages must not wait for any.
      if (document.hidden) frame(start + ms);
      else requestAnimationFrame(frame);
    });
  }

  const intoSight = () => {
    const b = box.getBoundingClientRect();
    return b.top < 0 || b.top + Math.min(b.height, 300) > innerHeight ? document.querySelector(".stage") : null;
  };
  return { paint, glide, intoSight, clear: () => fx.replaceChildren() };
}

/**
 * One sentence in place of the map, where the server hides its pods.
 * @returns {MapView}
 */
export function noMap() {
  $("map").append(el("p", "map-off", "This deployment hides its pods, so there is no map. The answers and the scores are real."));
  return { paint() {}, glide: () => Promise.resolve(false), intoSight: () => null, clear() {} };
}
