// The map on the page: paints what draw() says, and lets a bead run along a hop.
import { $, build } from "./dom.js";
import { draw, layout } from "./draw.js";
import { hopWay, pathOf } from "./lanes.js";

const TALL_BELOW = 600, LARGE_FROM = 1500, BEAD = 7.5;

export function createMap(state) {
  const box = $("map"), scene = build(["g", { id: "scene" }]), fx = build(["g", { id: "fx" }]);
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

  // Resolves when the bead is there, or when `wanted` no longer holds.
  function glide(hop, publisher, ms, wanted) {
    const g = layout(state), d = pathOf(g, hopWay(g, hop, publisher));
    if (!d) return Promise.resolve(false);
    const path = build(["path", { d, class: "hop" }]), bead = build(["circle", { class: "bead", r: BEAD }]), start = performance.now();
    fx.append(path, bead);
    const length = path.getTotalLength();
    path.setAttribute("stroke-dasharray", `${length} ${length}`);
    return new Promise(done => {
      const frame = now => {
        const k = Math.max(0, Math.min(1, (now - start) / ms)), eased = k < .5 ? 2 * k * k : 1 - (2 - 2 * k) ** 2 / 2, p = path.getPointAtLength(length * eased);
        path.setAttribute("stroke-dashoffset", length * (1 - eased));
        bead.setAttribute("cx", p.x);
        bead.setAttribute("cy", p.y);
        if (k < 1 && wanted()) return requestAnimationFrame(frame);
        path.remove();
        bead.remove();
        done(true);
      };
      // A page in the background gets no animation frames; its messages must not wait for any.
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

// Where a copy of the demo keeps its pods to itself: one sentence in the map's place.
export function noMap() {
  const p = document.createElement("p");
  p.className = "map-off";
  p.textContent = "This copy of the demo keeps its pods to itself, so there is no map; the answers and their scores are real.";
  $("map").append(p);
  return { paint() {}, glide: () => Promise.resolve(false), intoSight: () => null, clear() {} };
}
