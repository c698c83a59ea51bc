// What must hold for every drawing of the map: boxes apart, words apart and inside, no line through a word.
import assert from "node:assert/strict";
import { draw, layout } from "../draw.js";
import { estimate } from "../text.js";

const apart = (a, b) => a.m2 <= b.m1 + .01 || b.m2 <= a.m1 + .01 || a.c2 <= b.c1 + .01 || b.c2 <= a.c1 + .01;
const within = (inner, outer) => inner.m1 >= outer.m1 - .01 && inner.m2 <= outer.m2 + .01 && inner.c1 >= outer.c1 - .01 && inner.c2 <= outer.c2 + .01;
/** Widths of the map on screens of 320 to 1600 px. */
export const VIEWS = [304, 359, 398, 519, 520, 600, 640, 720, 778, 976, 1280].map(w => ({ w, h: w >= 1200 ? 520 : 440, tall: w < 520 }));

/** Phones with rows, which are lower. */
export const PHONES = [304, 359, 398, 519].map(w => ({ w, h: 342, tall: true }));

/** Checks the boxes of one drawing. */
export function sound(state) {
  const { view, world } = state, g = layout(state), name = `${view.w} px, ${g.style}, ${world.pods.length}x${world.pods[0]?.workers.length}`;
  const all = g.tall ? { m1: 0, m2: g.H, c1: 0, c2: g.W } : { m1: 0, m2: g.W, c1: 0, c2: g.H };
  const boxes = [g.browser, g.door, g.bus, ...g.pods];
  boxes.forEach((b, i) => {
    assert.ok(b.m2 - b.m1 > 0 && b.c2 - b.c1 > 0, `${name}: an empty box`);
    assert.ok(within(b, all), `${name}: a box leaves the view`);
    for (const other of boxes.slice(i + 1)) assert.ok(apart(b, other), `${name}: boxes overlap`);
  });
  for (const p of g.pods) {
    p.workers.forEach((w, i) => {
      assert.ok(w.c2 - w.c1 >= 18, `${name}: a worker too narrow, ${w.c2 - w.c1}`);
      assert.ok(within(w, p), `${name}: a worker leaves its pod`);
      assert.ok(w.lane > w.c1 && w.lane < w.c2, `${name}: a lane beside its worker`);
      if (w.dot) assert.ok(w.dot[0] > p.m1 && w.dot[0] < p.m2 && w.dot[1] > p.c1 && w.dot[1] < p.c2, `${name}: a dot beside its row`);
      else if (g.style !== "rows") for (const other of p.workers.slice(i + 1)) assert.ok(apart(w, other), `${name}: workers overlap`);
    });
  }
  return g;
}

const shapes = ([tag, attributes, ...children]) => [[tag, attributes, children], ...children.filter(Array.isArray).flatMap(shapes)];

/** The words of a drawing, with the room that they take. */
export function wordsOf(tree) {
  return shapes(tree).filter(([tag, , [said]]) => tag === "text" && said).map(([, a, [said]]) => {
    const width = estimate(a.class, said), x = +a.x, from = a["text-anchor"] === "end" ? x - width : a["text-anchor"] === "middle" || a.class === "step-n" ? x - width / 2 : x;
    return { said, css: a.class, x1: from, x2: from + width, y1: +a.y - 9.5, y2: +a.y + 2.5 };
  });
}

const overlap = (a, b) => a.x1 < b.x2 - .5 && b.x1 < a.x2 - .5 && a.y1 < b.y2 - .5 && b.y1 < a.y2 - .5;

/** The straight pieces of the lines of messages and of sockets. */
function strokes(tree) {
  return shapes(tree).filter(([tag, a]) => tag === "path" && /^(hop|sock|flow|track)/.test(a.class ?? "") && !/[HZ]/.test(a.d)).flatMap(([, a]) => {
    const corners = [...a.d.matchAll(/(-?[\d.]+) (-?[\d.]+)(?=[^\d.-]|$)/g)].map(([, x, y]) => [+x, +y]);
    return corners.slice(1).map((p, i) => ({ css: a.class, x1: Math.min(p[0], corners[i][0]), x2: Math.max(p[0], corners[i][0]), y1: Math.min(p[1], corners[i][1]), y2: Math.max(p[1], corners[i][1]) }));
  });
}

/** Checks the words of one drawing. */
export function readable(state) {
  const { view, world } = state, g = layout(state), tree = draw(state, g), words = wordsOf(tree), name = `${view.w} px, ${g.style}, ${world.pods.length}x${world.pods[0]?.workers.length}, ${state.shown.op ?? state.shown.m?.op ?? "idle"}`;
  const marks = shapes(tree).filter(([tag, a]) => tag === "circle" && ["step", "missring", "plug", "okring"].includes(a.class.split(" ")[0])).map(([, a]) => ({ css: a.class, said: `(${a.class})`, x1: a.cx - a.r, x2: +a.cx + a.r, y1: a.cy - a.r, y2: +a.cy + a.r }));
  const lines = strokes(tree).map(x => ({ ...x, x1: x.x1 - .6, x2: x.x2 + .6, y1: x.y1 - .6, y2: x.y2 + .6 }));
  const fail = (word, what, other) => assert.fail(`${name}: "${word.said}" ${what}: ${JSON.stringify([word, other])}`);
  for (const [i, word] of words.entries()) {
    if (word.x1 < -.5 || word.x2 > g.W + .5 || word.y1 < 0 || word.y2 > g.H) fail(word, "leaves the map");
    for (let j = i + 1; j < words.length; j++) if (overlap(word, words[j])) fail(word, "over", words[j]);
    if (word.css === "step-n") continue;
    const low = { ...word, y1: word.y1 + 2 };
    for (const other of marks) if (overlap(word, other)) fail(word, "under", other);
    for (const other of lines) if (overlap(low, other)) fail(word, "struck", other);
  }
  return words;
}
