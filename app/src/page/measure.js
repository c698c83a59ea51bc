// Measures words in the map's own fonts.
import { build } from "./tree.js";

const MOST_MEASURED = 2_000;

/**
 * @param {Element} svg the map
 * @returns {(css: string, words: string) => number} in CSS pixels
 */
export function measured(svg) {
  const probe = /** @type {SVGTextContentElement} */ (build(["text", { visibility: "hidden" }])), context = document.createElement("canvas").getContext("2d");
  /** @type {Map<string, number>} */
  const known = new Map();
  /** @type {Map<string, string>} */
  const fonts = new Map();
  /** @param {string} css */
  const fontOf = css => {
    if (!fonts.has(css)) {
      probe.setAttribute("class", css);
      svg.append(probe);
      // The shorthand `font` is empty where it can't tell everything, for instance tabular figures.
      const { fontWeight, fontSize, fontFamily } = getComputedStyle(probe);
      fonts.set(css, `${fontWeight} ${fontSize} ${fontFamily}`);
      probe.remove();
    }
    return fonts.get(css) ?? "";
  };
  return (css, words) => {
    const key = css + " " + words, before = known.get(key);
    if (before !== undefined || !context) return before ?? words.length * 8;
    context.font = fontOf(css);
    const room = context.measureText(words).width;
    if (known.size >= MOST_MEASURED) known.clear();
    known.set(key, room);
    return room;
  };
}
