// How much room words take. Pure.
/** @import { View } from "./types.d.ts" */

// Ems by character, as wide as common fonts have them. The page measures; these are for where nothing can be measured.
const WIDE = /[mwMW@%—]/, THIN = /[iljtfrI.,:;'|()[\]! -]/, CAPITAL = /[A-Z0-9+×]/;
/** @param {string} c */
const em = c => (WIDE.test(c) ? .89 : THIN.test(c) ? .37 : CAPITAL.test(c) ? .68 : .6);
/** @type {Record<string, { size: number, by: (c: string) => number }>} */
const FONTS = {
  t1: { size: 14, by: c => em(c) * 1.08 }, t2: { size: 12.5, by: em }, link: { size: 12.5, by: em }, misst: { size: 12.5, by: c => em(c) * 1.08 },
  tm: { size: 13, by: () => .605 }, tn: { size: 12.5, by: () => .605 }, "step-n": { size: 12, by: () => .62 },
};

/** @type {(css: string, words: string) => number} */
export function estimate(css, words) {
  const font = FONTS[css.split(" ")[0]] ?? FONTS.t2;
  return [...words].reduce((sum, c) => sum + font.by(c), 0) * font.size;
}

/** @param {View} view */
export const widthIn = view => view.width ?? estimate;

/**
 * The first of `words` that has room.
 * @type {(width: (css: string, words: string) => number, css: string, words: string[], room: number) => string}
 */
export const firstThatFits = (width, css, words, room) => words.find(x => width(css, x) <= room) ?? "";
