/* Pods: a colour and a pattern each, and names that fit. */
const COLOURS = 6;
const CUTS = [
  [],
  [["path", { class: "cut", d: "M-1 5L5 -1M3 9L9 3" }]],
  [["circle", { class: "hole", cx: 4, cy: 4, r: 1.5 }]],
  [["path", { class: "cut", d: "M0 4H8" }]],
  [["path", { class: "cut fine", d: "M-1 5L5 -1M3 9L9 3M-1 3L5 9M3 -1L9 5" }]],
  [["path", { class: "cut", d: "M4 0V8" }]],
];
/** Every colour with every pattern; they stand once in the page. */
const PATTERNS = ["defs", {}, ...CUTS.flatMap((cut, pattern) => CUTS.map((_, colour) =>
  ["pattern", { id: `pod-${colour + 1}-${pattern + 1}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
    ["rect", { class: "f" + (colour + 1), width: 8, height: 8 }], ...cut]))];

/** From the middle: both ends of a name tell more than its beginning. */
function clip(name, most) {
  const letters = Array.from(name);
  if (letters.length <= most) return name;
  const tail = Math.ceil((most - 1) / 2);
  return letters.slice(0, most - 1 - tail).join("") + "…" + letters.slice(-tail).join("");
}

/** What pods have in common at the head of their names, up to a dash: their Deployment's part. */
function commonHead(names) {
  let head = names[0] || "";
  for (const name of names) while (!name.startsWith(head)) head = head.slice(0, -1);
  return head.slice(0, head.lastIndexOf("-") + 1);
}

/** The same as lines of one path, for paper: there each use of a pattern becomes a picture, and a report of tens of megabytes. */
function hatch({ x, y, width, height }, pattern) {
  const [left, top, right, bottom] = [Number(x), y, Number(x) + Number(width), y + height], out = [];
  const rising = by => { for (let c = left + top; c < right + bottom; c += by) {
    const a = Math.max(left, c - bottom), b = Math.min(right, c - top);
    if (b > a) out.push(`M${px(a)} ${px(c - a)}L${px(b)} ${px(c - b)}`);
  } };
  const falling = by => { for (let c = left - bottom; c < right - top; c += by) {
    const a = Math.max(left, c + top), b = Math.min(right, c + bottom);
    if (b > a) out.push(`M${px(a)} ${px(a - c)}L${px(b)} ${px(b - c)}`);
  } };
  const draw = [
    () => {},
    () => rising(5.7),
    () => { for (let at = left + 4; at < right - 1; at += 8) out.push(`M${px(at)} ${px((top + bottom) / 2)}h.01`); },
    () => out.push(`M${px(left)} ${px((top + bottom) / 2)}H${px(right)}`),
    () => { rising(8); falling(8); },
    () => { for (let at = left + 4; at < right; at += 8) out.push(`M${px(at)} ${px(top)}V${px(bottom)}`); },
  ];
  draw[pattern]();
  return out.join("");
}

class Pods {
  constructor(all) {
    const head = commonHead(all.map(pod => pod.pod)), cut = head.length >= 8 ? head : "";
    this.head = cut;
    this.all = all;
    this.byName = new Map(all.map((pod, place) => [pod.pod, place]));
    const short = all.map(({ pod }) => clip(cut && pod.length > 14 ? "…" + pod.slice(cut.length) : pod, 16));
    // Two that would read alike get their place as well.
    this.short = short.map((name, place) => short.indexOf(name) === short.lastIndexOf(name) ? name : `${clip(name, 11)} #${place + 1}`);
  }
  colour(name) { return (this.byName.get(name) ?? 0) % COLOURS + 1; }
  /** Six are told apart by colour and pattern both; after them the two are paired anew. */
  pattern(name) {
    const place = this.byName.get(name) ?? 0;
    return (place + Math.floor(place / COLOURS)) % CUTS.length;
  }
  /** A bar of a pod. */
  bar(box, css, name, title) {
    const pattern = this.pattern(name), colour = this.colour(name);
    if (!this.paper) return ["rect", { ...box, class: css, fill: `url(#pod-${colour}-${pattern + 1})` }, title];
    const line = `cut${pattern === 2 ? " dots" : ""}`;
    return ["g", {}, title, ["rect", { ...box, class: `${css} f${colour}` }], ["path", { class: line, d: hatch(box, pattern) }]];
  }
  /** A text with the common head of names left out. */
  brief(text, width) { return clip(this.head ? text.split(this.head).join("…") : text, Math.min(30, Math.floor(width / 16))); }
  /** Labels for a figure of a width, and how wide the widest is there, in the small monospace font. */
  labels(names, width) {
    const most = Math.floor((width * .4 - 12) / 7.4), all = new Map(names.map(name => [name, clip(this.short[this.byName.get(name)], most)]));
    return { of: name => all.get(name), wide: Math.max(0, ...[...all.values()].map(label => Array.from(label).length)) * 7.4 + 12 };
  }

  legend(most) {
    const shown = this.all.slice(0, most).map(({ pod }) => {
      const sample = svg(["svg", { width: 18, height: 12, "aria-hidden": "true" }, this.bar({ x: 0, y: 0, width: 18, height: 12 }, "sample", pod)]);
      const name = h("span", "id", this.short[this.byName.get(pod)]);
      name.title = pod;
      return h("span", "", sample, name);
    });
    const more = this.all.length - shown.length;
    return h("div", "legend", ...shown, more > 0 ? h("span", "sub", `and ${count(more, "pod")} more`) : null);
  }
}
