// A sheet to draw on: four layers of tree nodes ["tag", {attributes}, ...children], and the strokes the map is made of. Pure.
import { at } from "./geometry.js";
import { pathOf } from "./lanes.js";

export function sheet(g) {
  const under = [], lines = [], text = [], over = [];
  const xy = (x, y, cls, str, anchor) => text.push(["text", { x: x.toFixed(1), y: y.toFixed(1), class: cls, "text-anchor": anchor }, str]);
  const line = (way, cls, extra) => ["path", { class: cls, d: pathOf(g, way), ...extra }];
  return {
    g, under, lines, text, over, xy, line,
    mc: (m, c, cls, str, anchor) => xy(...at(g, [m, c]), cls, str, anchor),
    rect(b, cls, rx, extra) {
      const [x, y] = at(g, [b.m1, b.c1]), [x2, y2] = at(g, [b.m2, b.c2]);
      return ["rect", { class: cls, x: x.toFixed(1), y: y.toFixed(1), width: (x2 - x).toFixed(1), height: (y2 - y).toFixed(1), rx, ...extra }];
    },
    dot(point, cls, r) {
      const [cx, cy] = at(g, point);
      return ["circle", { class: cls, cx: cx.toFixed(1), cy: cy.toFixed(1), r }];
    },
    badge(m, c, n) {
      const [x, y] = at(g, [m, c]);
      over.push(["circle", { class: "step", cx: x.toFixed(1), cy: y.toFixed(1), r: 8.5 }], ["text", { class: "step-n", x: x.toFixed(1), y: (y + 4.3).toFixed(1) }, String(n)]);
    },
    cross(point, hop) {
      const [x, y] = at(g, point).map(n => +n.toFixed(1));
      over.push(["circle", { class: "missring", cx: x, cy: y, r: 9.5 }], ["path", { class: "missed", d: `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`, "data-hop": hop }]);
    },
    tree: () => ["g", {}, ["g", {}, ...under], ["g", { class: "ink" }, ...lines], ["g", {}, ...text], ["g", {}, ...over]],
  };
}
