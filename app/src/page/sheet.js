// A sheet to draw on: four layers of shapes, and the strokes that the map is made of. Pure.
/** @import { Box, Layout, Point } from "./types.d.ts" */
/** @import { Attributes, Shape } from "./tree.js" */
import { at } from "./geometry.js";
import { pathOf } from "./lanes.js";
import { estimate, firstThatFits } from "./text.js";

/** @typedef {ReturnType<typeof sheet>} Sheet */

/**
 * @param {Layout} g
 * @param {(css: string, words: string) => number} width of words in a CSS class
 */
export function sheet(g, width = estimate) {
  /** @type {Record<"under" | "lines" | "text" | "over", Shape[]>} */
  const layers = { under: [], lines: [], text: [], over: [] };
  const { under, lines, text, over } = layers;
  /** @type {(x: number, y: number, css: string, words: string, anchor?: string, layer?: Shape[]) => void} */
  const xy = (x, y, css, words, anchor, layer = text) => { layer.push(["text", { x: x.toFixed(1), y: y.toFixed(1), class: css, "text-anchor": anchor }, words]); };
  return {
    g, under, lines, over, xy, width,
    /** The first of `words` that has room. @type {(css: string, words: string[], room: number) => string} */
    fits: (css, words, room) => firstThatFits(width, css, words, room),
    /** @type {(m: number, c: number, css: string, words: string) => void} */
    mc: (m, c, css, words) => xy(...at(g, [m, c]), css, words),
    /** @type {(way: Point[], css: string, extra?: Attributes) => Shape} */
    line: (way, css, extra) => ["path", { class: css, d: pathOf(g, way), ...extra }],
    /** @type {(box: Box, css: string, rx: number, extra?: Attributes) => Shape} */
    rect(b, css, rx, extra) {
      const [x, y] = at(g, [b.m1, b.c1]), [x2, y2] = at(g, [b.m2, b.c2]);
      return ["rect", { class: css, x: x.toFixed(1), y: y.toFixed(1), width: (x2 - x).toFixed(1), height: (y2 - y).toFixed(1), rx, ...extra }];
    },
    /** @type {(point: Point, css: string, r: number) => Shape} */
    dot(point, css, r) {
      const [cx, cy] = at(g, point);
      return ["circle", { class: css, cx: cx.toFixed(1), cy: cy.toFixed(1), r }];
    },
    /** The number of a step. @type {(m: number, c: number, n: number) => void} */
    badge(m, c, n) {
      const [x, y] = at(g, [m, c]);
      over.push(["circle", { class: "step", cx: x.toFixed(1), cy: y.toFixed(1), r: 8.5 }], ["text", { class: "step-n", x: x.toFixed(1), y: (y + 4.3).toFixed(1) }, String(n)]);
    },
    /** A miss. @type {(point: Point, hop?: string, r?: number) => void} */
    cross(point, hop, r = 9.5) {
      const [x, y] = at(g, point).map(n => +n.toFixed(1)), arm = +(r * .42).toFixed(1);
      over.push(["circle", { class: "missring", cx: x, cy: y, r }], ["path", { class: "missed", d: `M${x - arm} ${y - arm}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}`, "data-hop": hop, "stroke-width": (r / 3).toFixed(1) }]);
    },
    /** @returns {Shape} */
    tree: () => ["g", {}, ["g", {}, ...under], ["g", { class: "ink" }, ...lines], ["g", {}, ...text], ["g", {}, ...over]],
  };
}
