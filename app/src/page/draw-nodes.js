// The browser, the front door and the bus, with their labels. Pure.
/** @import { Door, State } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { HEAD } from "./room.js";
import { off } from "./lanes.js";
import { modeOf } from "./topology.js";

/** @type {(door: Door) => string[]} */
function doorWords({ affinity, issuer }) {
  if (affinity === "unknown") return ["affinity unknown", "affinity ?"];
  if (affinity === "off") return ["cookie affinity off", "affinity off", "off"];
  return issuer === "app" ? ["app sets the cookie", "app's cookie", "cookie"] : ["cookie affinity on", "affinity on", "cookie"];
}

/** @type {(state: State) => string[]} */
function podsWords({ world }) {
  const { pods } = world, mode = modeOf(world), leaving = pods.filter(p => p.state === "draining").length;
  if (!pods.length) return [world.known ? "none yet" : "loading"];
  const n = pods.length - leaving || pods.length, count = `${n} ${n > 1 ? "pods" : "pod"}`, drain = leaving && n < pods.length ? `, ${leaving} draining` : "";
  if (mode.mixed) return [`changing, ${mode.name}${drain}`, "changing"];
  if (!mode.workers) return [count + drain, count];
  const workers = `${mode.workers} ${mode.workers > 1 ? "workers" : "worker"}`;
  return [`${count}, ${workers}${n > 1 ? " each" : ""}${drain}`, count + drain, n > 1 ? `${count}, ${mode.workers} each` : `${count}, ${workers}`, n > 1 ? count : workers, `${n}x${mode.workers}`];
}

/** @param {{ m1: number, m2: number }} b */
const mid = b => (b.m1 + b.m2) / 2;
/** @type {(state: State) => { title: string[], words: string[] }} */
const busWords = ({ world: { bus }, busAway }) => ({ title: bus.kind === "redis" ? ["Redis"] : bus.kind === "unknown" ? ["Bus"] : ["memory bus", "memory"], words: [busAway ? "down" : bus.fanout] });

/** @type {(s: Sheet, state: State) => void} */
export function drawNodes(s, state) {
  const { g, under, rect, line } = s, { door } = state.world, away = state.busAway;
  under.push(rect(g.browser, "box", 7, { "data-node": "browser" }));
  under.push(rect(g.door, door.affinity === "off" ? "slab-off" : "slab", 4, { "data-node": "door", "data-affinity": door.affinity }));
  under.push(rect(g.bus, away ? "slab-off dim" : "slab", g.narrow ? 8 : 14, { "data-node": "bus", "data-state": away ? "down" : "ok" }));
  under.push(line([[g.browser.m2, g.c0 + off(g, "out")], [g.door.m1, g.c0 + off(g, "out")]], "track"));
  if (g.tall) labelColumns(s, state);
  else labelBrowser(s, state);
}

/** @type {(s: Sheet, state: State) => void} */
function labelColumns({ g, xy, fits }, state) {
  const bus = busWords(state);
  xy(22, g.browser.m1 + 19, "t1", "Your browser");
  xy(22, g.browser.m1 + 36, "tn", state.session.id6);
  const room = g.c0 + off(g, "out") - 18;
  xy(12, g.door.m1 - 25, "t1", "Front door");
  xy(12, g.door.m1 - 8, "t2", fits("t2", doorWords(state.world.door), room));
  xy(12, g.bus.m2 + 18, "t1", bus.title[0]);
  xy(g.W - 12, g.bus.m2 + 18, "t2", bus.words[0], "end");
}

/** @type {(s: Sheet, state: State) => void} */
function labelBrowser({ g, under, xy }, state) {
  const { browser } = g;
  under.push(["path", { class: "track", d: `M${browser.m1.toFixed(1)} ${(browser.c1 + 22).toFixed(1)}H${browser.m2.toFixed(1)}` }]);
  const inset = g.narrow ? 5 : 12;
  under.push(["rect", { class: "track", x: (browser.m1 + inset).toFixed(1), y: (browser.c1 + 7).toFixed(1), width: (browser.m2 - browser.m1 - 2 * inset).toFixed(1), height: 9, rx: 4.5 }]);
  if (g.narrow) {
    xy(browser.m1, browser.c1 - 9, "t1", "Browser");
    xy(browser.m1, browser.c2 + 16, "tn", state.session.id6);
    return;
  }
  xy(mid(browser), browser.c1 - 12, "t1", browser.m2 - browser.m1 > 90 ? "Your browser" : "Browser", "middle");
  xy(browser.m1 + 12, g.c0 + 4, "tn", "client");
  xy(browser.m1 + 12, g.c0 + 22, "tm", state.session.id6);
}

/**
 * Titles of the slabs and the pods. On an open map they stay in sight above what scrolls.
 * @type {(s: Sheet, state: State) => void}
 */
export function drawHeads({ g, over, xy, fits, width }, state) {
  if (g.tall) return;
  const top = g.shut ? g.shut.c2 + 8 - state.view.h : 0, busLeft = g.W - 4 - Math.max(58, g.bus.m2 - g.bus.m1 + 14), podsRight = Math.min(busLeft - 6, g.podsAt.m2 + 40);
  if (g.shut) {
    const { shut } = g;
    over.push(["rect", { class: "plate", x: 0, y: top.toFixed(1), width: g.W, height: HEAD - 6 }], ["rect", { class: "plate", x: 0, y: (shut.c1 - 8).toFixed(1), width: g.W, height: (shut.c2 - shut.c1 + 16).toFixed(1) }]);
    over.push(["rect", { class: "fold", x: shut.m1.toFixed(1), y: shut.c1.toFixed(1), width: (shut.m2 - shut.m1).toFixed(1), height: (shut.c2 - shut.c1).toFixed(1), rx: 7 }]);
    xy(mid(shut), shut.c1 + 22, "t1", "Show fewer pods", "middle", over);
  }
  /** @type {(m: number, lo: number, hi: number, title: string[], words: string[]) => void} */
  const head = (m, lo, hi, title, words) => {
    for (const [css, list, y] of /** @type {[string, string[], number][]} */ ([["t1", title, 28], ["t2", words, 46]])) {
      const said = fits(css, list, hi - lo), w = width(css, said) / 2;
      if (said) xy(Math.max(lo + w, Math.min(hi - w, m)), top + y, css, said, "middle", over);
    }
  };
  const bus = busWords(state), split = (mid(g.door) + mid(g.podsAt)) / 2;
  head(mid(g.door), 4, Math.max(split, g.door.m2), ["Front door", "Door"], doorWords(state.world.door));
  head(mid(g.podsAt), Math.max(split, g.door.m2) + 6, podsRight, [state.world.pods.length === 1 ? "Pod" : "Pods"], podsWords(state));
  head(mid(g.bus), busLeft, g.W - 4, bus.title, bus.words);
}
