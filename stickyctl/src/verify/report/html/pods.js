// Pods: a colour and a pattern each, and names that fit.
/** @import { Shape } from "../../../../../app/src/page/tree.js" */
/** @import { Box, Pod } from "./report.d.ts" */
import { SLOTS, pattern } from "../../../../../app/src/page/patterns.js";
import { build, el } from "../../../../../app/src/page/tree.js";
import { px } from "./figure.js";
import { count } from "./text.js";

const PLACES = Array.from({ length: SLOTS }, (_, place) => place + 1);
/**
 * Every colour with every pattern; they stand once in the page.
 * @type {Shape}
 */
export const PATTERNS = ["defs", {}, ...PLACES.flatMap(cut => PLACES.map(colour => pattern(`pod-${colour}-${cut}`, colour, cut, 8)))];

/**
 * Cuts a name in the middle: its two ends tell more than its beginning.
 * @param {string} name
 * @param {number} most
 */
function clip(name, most) {
  const letters = Array.from(name);
  if (letters.length <= most) return name;
  const tail = Math.ceil((most - 1) / 2);
  return letters.slice(0, most - 1 - tail).join("") + "…" + letters.slice(-tail).join("");
}

/**
 * What all names have in common at their start, up to a dash: the Deployment's part.
 * @param {string[]} names
 */
function commonHead(names) {
  let head = names[0] || "";
  for (const name of names) while (!name.startsWith(head)) head = head.slice(0, -1);
  return head.slice(0, head.lastIndexOf("-") + 1);
}

/**
 * A pattern as lines of one path, for paper: in print each use of a real pattern becomes a picture, and the report tens of megabytes.
 * @type {(box: Box, cut: number) => string}
 */
function hatch(box, cut) {
  const left = Number(box.x), top = box.y, right = left + Number(box.width), bottom = top + box.height, middle = px((top + bottom) / 2);
  /** @type {string[]} */
  const out = [];
  /** @param {number} by */
  const rising = by => {
    for (let c = left + top; c < right + bottom; c += by) {
      const a = Math.max(left, c - bottom), b = Math.min(right, c - top);
      if (b > a) out.push(`M${px(a)} ${px(c - a)}L${px(b)} ${px(c - b)}`);
    }
  };
  /** @param {number} by */
  const falling = by => {
    for (let c = left - bottom; c < right - top; c += by) {
      const a = Math.max(left, c + top), b = Math.min(right, c + bottom);
      if (b > a) out.push(`M${px(a)} ${px(a - c)}L${px(b)} ${px(b - c)}`);
    }
  };
  if (cut === 2) rising(5.7);
  else if (cut === 3) for (let at = left + 4; at < right - 1; at += 8) out.push(`M${px(at)} ${middle}h.01`);
  else if (cut === 4) out.push(`M${px(left)} ${middle}H${px(right)}`);
  else if (cut === 5) [rising, falling].forEach(lines => lines(8));
  else if (cut === 6) for (let at = left + 4; at < right; at += 8) out.push(`M${px(at)} ${px(top)}V${px(bottom)}`);
  return out.join("");
}

export class Pods {
  /** Drawn for print. */
  paper = false;

  /** @param {Pod[]} all */
  constructor(all) {
    const head = commonHead(all.map(pod => pod.pod)), cut = head.length >= 8 ? head : "";
    this.head = cut;
    this.all = all;
    /** @type {Map<string | undefined, number>} */
    this.places = new Map(all.map((pod, place) => [pod.pod, place]));
    const short = all.map(({ pod }) => clip(cut && pod.length > 14 ? "…" + pod.slice(cut.length) : pod, 16));
    // Two that would read alike get their place as well.
    this.short = short.map((name, place) => (short.indexOf(name) === short.lastIndexOf(name) ? name : `${clip(name, 11)} #${place + 1}`));
  }

  /** @param {string} [name] */
  colour(name) { return (this.places.get(name) ?? 0) % SLOTS + 1; }

  /**
   * Six are told apart by both colour and pattern; after them the two are paired anew.
   * @param {string} [name]
   */
  pattern(name) {
    const place = this.places.get(name) ?? 0;
    return (place + Math.floor(place / SLOTS)) % SLOTS + 1;
  }

  /** @param {string} name */
  shorten(name) { return this.short[this.places.get(name) ?? 0]; }

  /**
   * A bar of a pod.
   * @type {(box: Box, css: string, name: string, title?: Shape) => Shape}
   */
  bar(box, css, name, title) {
    const cut = this.pattern(name), colour = this.colour(name);
    if (!this.paper) return ["rect", { ...box, class: css, fill: `url(#pod-${colour}-${cut})` }, title];
    return ["g", {}, title, ["rect", { ...box, class: `${css} f${colour}` }], ["path", { class: `cut${cut === 3 ? " dots" : ""}`, d: hatch(box, cut) }]];
  }

  /**
   * A text without the common start of names.
   * @type {(text: string, width: number) => string}
   */
  brief(text, width) { return clip(this.head ? text.split(this.head).join("…") : text, Math.min(30, Math.floor(width / 16))); }

  /**
   * Labels for a figure of a width, and the width of the widest, in the small monospace font.
   * @type {(names: string[], width: number) => { of: (name: string) => string, wide: number }}
   */
  labels(names, width) {
    const most = Math.floor((width * .4 - 12) / 7.4), all = new Map(names.map(name => [name, clip(this.shorten(name), most)]));
    return { of: name => all.get(name) ?? "", wide: Math.max(0, ...[...all.values()].map(label => Array.from(label).length)) * 7.4 + 12 };
  }

  /** @param {number} most */
  legend(most) {
    const shown = this.all.slice(0, most).map(({ pod }) => {
      const sample = build(["svg", { width: 18, height: 12, "aria-hidden": "true" }, this.bar({ x: 0, y: 0, width: 18, height: 12 }, "sample", pod)]);
      const name = el("span", "id", this.shorten(pod));
      name.title = pod;
      return el("span", "", sample, name);
    });
    const more = this.all.length - shown.length;
    return el("div", "legend", ...shown, more > 0 ? el("span", "sub", `and ${count(more, "other pod")}`) : null);
  }
}
