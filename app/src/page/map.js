// The map on the page: paints what draw() gives, moves a bead along a hop, and opens the box of pods that have no row.
/** @import { Hop, Layout, State } from "./types.d.ts" */
import { $ } from "./dom.js";
import { draw, layout } from "./draw.js";
import { shownWorkers } from "./fold.js";
import { workerBox } from "./geometry.js";
import { hopWay, pathOf } from "./lanes.js";
import { measured } from "./measure.js";
import { HEAD, ROW } from "./room.js";
import { build, el } from "./tree.js";

const TALL_BELOW = 520, BEAD = 7.5;

/** @typedef {ReturnType<typeof createMap>} MapView */

/** @param {State} state */
export function createMap(state) {
  const box = $("map"), scene = build(["g", { role: "img", "aria-labelledby": "caption" }]), fx = build(["g", {}]);
  // What opens and folds keeps its place in the document, so that it keeps the focus.
  const hit = build(["rect", { rx: 7 }]), knob = build(["g", { role: "button", tabindex: 0 }]);
  const svg = build(["svg", {}]), width = measured(svg);
  let followed = "", asked = false;
  knob.append(hit);
  svg.append(scene, fx);
  box.append(svg);

  function paint() {
    const g = layout(state);
    svg.setAttribute("viewBox", `0 0 ${g.W} ${g.H.toFixed(0)}`);
    scene.replaceChildren(build(draw(state, g)));
    box.classList.toggle("rows", g.style === "rows");
    placeKnob(g);
    follow(g);
  }

  /** @param {Layout} g */
  function placeKnob(g) {
    const at = g.shut ?? g.pods.find(p => p.fold);
    if (!at) {
      state.view.open = false;
      box.classList.remove("open");
      knob.remove();
      return;
    }
    for (const [name, value] of Object.entries({ x: at.m1, y: at.c1, width: at.m2 - at.m1, height: at.c2 - at.c1 })) hit.setAttribute(name, value.toFixed(1));
    knob.setAttribute("aria-expanded", String(g.shut !== null));
    knob.setAttribute("aria-label", g.shut ? "Show fewer pods" : `${g.hidden} more ${g.hidden > 1 ? "pods" : "pod"}: show all`);
    if (!knob.isConnected) svg.append(knob);
  }

  /** On an open map, brings the row into sight that a message reached. @param {Layout} g */
  function follow(g) {
    const last = shownWorkers(state.shown).pop() ?? "", row = g.shut && last !== followed && workerBox(g, last)?.p;
    followed = last;
    if (row && (row.c1 < box.scrollTop + HEAD || row.c2 > box.scrollTop + box.clientHeight - ROW.fold)) box.scrollTop = row.lane - box.clientHeight / 2;
  }

  function toggle() {
    state.view.open = !state.view.open;
    box.classList.toggle("open", state.view.open);
    measure();
    box.scrollTop = 0;
  }
  knob.addEventListener("click", toggle);
  knob.addEventListener("keydown", e => {
    if (e.key !== "Enter" && e.key !== " ") return;
    e.preventDefault();
    toggle();
  });
  // The browser, the heads and the button stay in sight while the rows scroll.
  box.addEventListener("scroll", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      state.view.top = box.scrollTop;
      paint();
    });
  });

  function measure() {
    const w = Math.max(280, Math.round(box.clientWidth));
    state.view = { ...state.view, w, h: box.clientHeight, tall: w < TALL_BELOW, top: box.scrollTop, width };
    paint();
  }
  new ResizeObserver(() => {
    if (Math.round(box.clientWidth) !== state.view.w || box.clientHeight !== state.view.h) requestAnimationFrame(measure);
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
    const stage = /** @type {HTMLElement} */ (box.closest(".stage")), top = stage.getBoundingClientRect().top, end = box.getBoundingClientRect().bottom;
    return top < 0 || Math.min(end, top + innerHeight) > innerHeight + ROW.fold ? stage : null;
  };
  return { paint, glide, intoSight, clear: () => fx.replaceChildren() };
}

/**
 * One sentence in place of the map, where the server hides its pods.
 * @returns {MapView}
 */
export function noMap() {
  $("map").classList.add("off");
  $("map").append(el("p", "map-off", "This deployment hides its pods, so there is no map. The answers and the scores are real."));
  return { paint() {}, glide: () => Promise.resolve(false), intoSight: () => null, clear() {} };
}
