// The browser, the front door and the bus, with their labels. Pure.
/** @import { Door, State } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { off } from "./lanes.js";
import { modeOf } from "./topology.js";

/** @param {Door} door */
function doorWords({ affinity, issuer }) {
  if (affinity === "unknown") return "affinity unknown";
  if (affinity === "off") return "cookie affinity off";
  return issuer === "app" ? "app sets the cookie" : "cookie affinity on";
}

/** @type {(state: State, hidden: number) => string} */
function podsWords({ world }, hidden) {
  const { pods } = world, mode = modeOf(world), leaving = pods.filter(p => p.state === "draining").length;
  if (!pods.length) return world.known ? "none yet" : "loading";
  const n = pods.length - leaving || pods.length, drawn = hidden ? `, ${pods.length - hidden} drawn` : leaving && n < pods.length ? `, ${leaving} draining` : "";
  const each = mode.workers && !hidden ? `, ${mode.workers} ${mode.workers > 1 ? "workers" : "worker"}${n > 1 ? " each" : ""}` : "";
  return mode.mixed ? `changing, ${mode.name}${drawn}` : `${n} ${n > 1 ? "pods" : "pod"}${each}${drawn}`;
}

/** @param {{ m1: number, m2: number }} b */
const mid = b => (b.m1 + b.m2) / 2;

/** @type {(s: Sheet, state: State) => void} */
export function drawNodes(s, state) {
  const { g, under, rect, line } = s, { door, bus } = state.world, away = state.busAway;
  const busTitle = bus.kind === "redis" ? "Redis" : bus.kind === "unknown" ? "Bus" : g.tall || g.bus.m2 - g.bus.m1 > 70 ? "memory bus" : "memory", busWords = away ? "down" : bus.fanout;
  under.push(rect(g.browser, "box", 7, { "data-node": "browser" }));
  under.push(rect(g.door, door.affinity === "off" ? "slab-off" : "slab", 4, { "data-node": "door", "data-affinity": door.affinity }));
  under.push(rect(g.bus, away ? "slab-off dim" : "slab", g.tall ? 12 : 14, { "data-node": "bus", "data-state": away ? "down" : "ok" }));
  if (g.tall) labelTall(s, state, busTitle, busWords);
  else labelWide(s, state, busTitle, busWords);
  under.push(line([[g.browser.m2, g.c0 + off(g, "out")], [g.door.m1, g.c0 + off(g, "out")]], "track"));
}

/** @type {(s: Sheet, state: State, busTitle: string, busWords: string) => void} */
function labelTall({ g, xy }, state, busTitle, busWords) {
  xy(22, g.browser.m1 + 23, "t1", "Your browser");
  xy(22, g.browser.m1 + 41, "tn", state.session.id6);
  xy(12, g.door.m1 - 9, "t1", "Front door");
  xy(g.W - 12, g.door.m1 - 9, "t2", doorWords(state.world.door), "end");
  xy(12, g.bus.m2 + 19, "t1", busTitle);
  xy(g.W - 12, g.bus.m2 + 19, "t2", busWords, "end");
  if (g.hidden) xy(g.W - 12, g.podsAt.m2 + 14, "t2 halo", `+${g.hidden} more ${g.hidden > 1 ? "pods" : "pod"}`, "end");
}

/** @type {(s: Sheet, state: State, busTitle: string, busWords: string) => void} */
function labelWide({ g, under, xy }, state, busTitle, busWords) {
  const { browser } = g, x = browser.m1 + 12, width = (browser.m2 - browser.m1 - 24).toFixed(1);
  xy(mid(browser), g.c0 - 70, "t1", "Your browser", "middle");
  under.push(["path", { class: "track", d: `M${browser.m1} ${(browser.c1 + 22).toFixed(1)}H${browser.m2.toFixed(1)}` }]);
  under.push(["rect", { class: "track", x, y: (browser.c1 + 7).toFixed(1), width, height: 9, rx: 4.5 }]);
  xy(x, g.c0 + 4, "tn", "client");
  xy(x, g.c0 + 22, "tm", state.session.id6);
  /** @type {(m: number, title: string, words: string) => void} */
  const head = (m, title, words) => {
    xy(m, 28, "t1", title, "middle");
    xy(m, 46, "t2", words, "middle");
  };
  head(mid(g.door), "Front door", doorWords(state.world.door));
  head(mid(g.podsAt), state.world.pods.length === 1 ? "Pod" : "Pods", podsWords(state, g.hidden));
  head(mid(g.bus), busTitle, busWords);
}
