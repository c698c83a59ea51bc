// Twenty messages at once: the lanes carry their share. Pure.
import { actionOf } from "./actions.js";
import { at, workerBox } from "./geometry.js";
import { arrow, busIn, cordWay, fromBus, off, toBus, turnOf, wayIn } from "./lanes.js";
import { markArrived, markCookie, missAtWorker } from "./draw-marks.js";
import { drawDrops } from "./draw-trace.js";

const total = list => list.reduce((a, b) => a + b, 0);

// Counts by box, the largest first: workers that share a box share its lane.
function byBox(g, counts) {
  const boxes = new Map();
  for (const [id, n] of Object.entries(counts)) {
    const f = workerBox(g, id);
    if (f && n) boxes.set(f.w, { id, f, n: n + (boxes.get(f.w)?.n ?? 0) });
  }
  return [...boxes.values()].sort((x, y) => y.n - x.n);
}

export function drawBurst(s, state) {
  const b = state.shown, a = actionOf(b.op), { g } = s;
  const width = n => 1.6 + 6 * n / Math.max(1, b.n);
  const flow = (way, n, extra) => s.lines.push(s.line(way, "flow", { "stroke-width": width(n).toFixed(1), ...extra }));
  const cased = (way, n, extra) => {
    s.lines.push(s.line(way, "case", { "stroke-width": (width(n) + 4).toFixed(1) }));
    flow(way, n, extra);
  };
  const byMost = byBox(g, b.reached), missed = byBox(g, b.missed);
  drawDrops(s, b.drops, byMost[0]?.id);
  if (a.out === "http") drawWaysIn(s, b, byMost, { width, flow, cased });
  for (const { id, f, n } of byMost) {
    if (a.out === "http" && f.p.workers.length === 1) {
      const [x, y] = g.tall ? at(g, [f.p.m1 - 12, f.w.lane + off(g, "out") - 8]) : at(g, [(g.door.m2 + f.p.m1) / 2, f.w.lane + off(g, "out") - 9]);
      s.xy(x, y, "tm halo", String(n), g.tall ? "end" : "middle");
    }
    if (a.bus) cased([[f.w.m2, toBus(g, f.w)], [busIn(g), toBus(g, f.w)]], n, { "data-hop": `${id}>bus:publish` });
  }
  for (const { id, n } of missed) missAtWorker(s, id, [`${n} missed`, `${n}`], state);
  if (b.backOnSocket && b.arrived && state.socket.state === "live" && state.socket.at) drawWayBack(s, state, byMost, { width, flow });
  if (a.cookie && byMost.length) markCookie(s);
  if (b.done && b.arrived === b.n) markArrived(s);
}

// As far as the pod a lane carries the pod's sum, inside it each worker's own.
function drawWaysIn(s, b, byMost, { width, flow, cased }) {
  const { g } = s, sums = new Map();
  for (const { id, f, n } of byMost) {
    let way = wayIn(g, "out", id);
    if (f.p.workers.length > 1) way = [[f.p.m1 + 8, f.p.lane + off(g, "out")], ...way.slice(way.findIndex(x => x[0] > f.p.m1))];
    cased(way, n, { "data-hop": `door>${id}:post` });
    const head = arrow(g, way, 8 + width(n) * .8);
    if (head) s.over.push(head);
    sums.set(f.p, (sums.get(f.p) ?? 0) + n);
  }
  for (const [p, n] of sums) {
    if (p.workers.length === 1) continue;
    const way = wayIn(g, "out", p.workers[0].id ?? p.workers[0].rest[0]), inside = way.findIndex(x => x[0] > p.m1);
    flow([...way.slice(0, inside), [(p.m1 + p.workers[0].m1) / 2 - 3, p.lane + off(g, "out")]], n);
  }
  const sum = total([...sums.values()]), y = g.c0 + off(g, "out");
  if (sum) flow([[g.browser.m2, y], [(g.door.m1 + g.door.m2) / 2 - (sums.size > 1 ? turnOf("out") : 0), y]], sum, { "stroke-linecap": "butt", "data-hop": "browser>door:post" });
}

function drawWayBack(s, state, byMost, { width, flow }) {
  const { g } = s, b = state.shown, holder = workerBox(g, state.socket.at);
  if (!holder) return;
  if (actionOf(b.op).bus && byMost.length) {
    const lanes = byMost.map(({ f }) => toBus(g, f.w)), home = fromBus(g, holder.w), m = busIn(g);
    for (const far of [Math.min(...lanes, home), Math.max(...lanes, home)]) {
      if (Math.abs(far - home) > 1) flow([[m, far], [m, home], [holder.w.m2 + 6, home]], b.arrived, { "stroke-linecap": "round", "data-hop": `bus>${state.socket.at}:deliver` });
    }
    s.over.push(arrow(g, [[m, home], [holder.w.m2, home]], 9 + width(b.arrived) * .5));
  }
  const way = cordWay(g, state.socket.at).reverse();
  way[way.length - 1] = [g.browser.m2 + 8, g.c0 + off(g, "ws")];
  s.lines.push(s.line(way, "hop push", { "data-hop": "door>browser:push" }));
  s.over.push(arrow(g, way, 10));
}
