// The browser, the front door and the bus, with the words that stand at them. Pure.
import { modeOf } from "./topology.js";
import { off } from "./lanes.js";

const doorWords = door => (door.affinity === "unknown" ? "affinity unknown" : door.affinity === "off" ? "cookie affinity off"
  : door.issuer === "app" ? "cookie by the app" : "cookie affinity on");

function podsWords(state, hidden) {
  const pods = state.world.pods, mode = modeOf(state.world), leaving = pods.filter(p => p.state === "draining").length;
  const n = pods.length - leaving || pods.length, drawn = hidden ? `, ${pods.length - hidden} drawn` : leaving && n < pods.length ? `, ${leaving} draining` : "";
  if (!pods.length) return state.world.known ? "none yet" : "asking";
  const each = mode.workers && !hidden ? `, ${mode.workers} ${mode.workers > 1 ? "workers" : "worker"}${n > 1 ? " each" : ""}` : "";
  return mode.mixed ? `changing, ${mode.name}${drawn}` : `${n} ${n > 1 ? "pods" : "pod"}${each}${drawn}`;
}

export function drawNodes(s, state) {
  const { g, under, xy, rect, line } = s, { door } = state.world, away = state.busAway;
  const busTitle = state.world.bus.kind === "redis" ? "Redis" : g.tall || g.bus.m2 - g.bus.m1 > 70 ? "memory bus" : "memory";
  const busWords = away ? "away" : state.world.bus.fanout, words = doorWords(door);
  under.push(rect(g.browser, "box", 7, { "data-node": "browser" }));
  under.push(rect(g.door, door.affinity === "off" ? "slab-off" : "slab", 4, { "data-node": "door", "data-affinity": door.affinity }));
  under.push(rect(g.bus, away ? "slab-off dim" : "slab", g.tall ? 12 : 14, { "data-node": "bus", "data-state": away ? "down" : "ok" }));
  if (g.tall) {
    xy(22, g.browser.m1 + 23, "t1", "Your browser");
    xy(22, g.browser.m1 + 41, "tn", state.session.id6);
    xy(12, g.door.m1 - 9, "t1", "Front door");
    xy(g.W - 12, g.door.m1 - 9, "t2", words, "end");
    xy(12, g.bus.m2 + 19, "t1", busTitle);
    xy(g.W - 12, g.bus.m2 + 19, "t2", busWords, "end");
    if (g.hidden) xy(g.W - 12, g.podsAt.m2 + 14, "t2 halo", `+${g.hidden} more ${g.hidden > 1 ? "pods" : "pod"}`, "end");
  } else {
    const x = g.browser.m1 + 12, mid = b => (b.m1 + b.m2) / 2;
    xy(mid(g.browser), g.c0 - 70, "t1", "Your browser", "middle");
    under.push(["path", { class: "track", d: `M${g.browser.m1} ${(g.browser.c1 + 22).toFixed(1)}H${g.browser.m2.toFixed(1)}` }]);
    under.push(["rect", { class: "track", x, y: (g.browser.c1 + 7).toFixed(1), width: (g.browser.m2 - g.browser.m1 - 24).toFixed(1), height: 9, rx: 4.5 }]);
    xy(x, g.c0 + 4, "tn", "client");
    xy(x, g.c0 + 22, "tm", state.session.id6);
    for (const [m, title, sub] of [[mid(g.door), "Front door", words], [mid(g.podsAt), state.world.pods.length === 1 ? "Pod" : "Pods", podsWords(state, g.hidden)], [mid(g.bus), busTitle, busWords]]) {
      xy(m, 28, "t1", title, "middle");
      xy(m, 46, "t2", sub, "middle");
    }
  }
  under.push(line([[g.browser.m2, g.c0 + off(g, "out")], [g.door.m1, g.c0 + off(g, "out")]], "track"));
}
