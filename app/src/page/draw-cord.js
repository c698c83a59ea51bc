// The open socket: a cord from the browser through the front door to a jack in one worker. Pure.
/** @import { State } from "./types.d.ts" */
/** @import { Sheet } from "./sheet.js" */
import { at } from "./geometry.js";
import { cordWay, jackAt, off } from "./lanes.js";
import { slotOf } from "./topology.js";

/** @type {(s: Sheet, state: State) => void} */
export function drawCord(s, state) {
  const { g, lines, over, line, dot } = s, so = state.socket, y = g.c0 + off(g, "ws"), small = g.unit < 1 ? 2 : 0;
  const jack = so.state === "live" && so.at ? jackAt(g, so.at) : null;
  if (so.at && jack) {
    const k = slotOf(state.world, so.at), way = cordWay(g, so.at);
    lines.push(line(way, "case", { "stroke-width": 9 }), line(way, `sock s${k}`, { "data-socket": so.at }));
    over.push(dot(jack, `plug f${k}`, 8 - small), dot([g.browser.m2, y], `plug f${k}`, 6.5));
  } else {
    lines.push(line([[g.browser.m2, y], [g.door.m1 - 4, y]], "sock broken"));
  }
  label(s, state);
}

/** @type {(s: Sheet, state: State) => void} */
function label(s, { socket, shown, now }) {
  const { g, xy, fits } = s, left = socket.until === null ? null : Math.max(1, Math.ceil((socket.until - now) / 1000));
  const live = shown.kind === "burst" && shown.backOnSocket && !g.tall ? `${shown.arrived} back` : "WebSocket";
  const words = socket.state === "live" ? live : socket.opening ? "opening" : left !== null ? `retry in ${left} s` : "closed";
  if (g.tall) return xy(...at(g, [g.browser.m2 + 20, g.c0 + off(g, "ws") + 12]), "t2", words);
  const mid = (g.browser.m2 + g.door.m1) / 2, room = g.door.m1 - g.browser.m2 - 6;
  xy(mid + 2, g.c0 + off(g, "out") - 11, "t2", "HTTP", "middle");
  const said = fits("t2", words === "WebSocket" ? [words, "socket"] : [words], room);
  if (said) xy(mid, g.c0 + off(g, "ws") + 21, "t2", said, "middle");
  // Without room beside the lane it stands below the browser.
  else xy(g.browser.m1, g.browser.c2 + (g.narrow ? 33 : 18), "t2", words);
}
