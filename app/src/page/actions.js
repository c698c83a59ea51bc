// The six buttons, in the order of the page.
/** @import { Action, CaseOp, Op } from "./types.d.ts" */
import { CASE_ACTIONS } from "./case-actions.js";

/** @type {Action<Op>[]} */
export const ACTIONS = [
  {
    op: "http-rr", name: "HTTP & round robin", out: "http", back: "http", cookie: false, bus: false, route: "submit",
  },
  {
    op: "http-sticky", name: "HTTP & sticky", out: "http", back: "http", cookie: true, bus: false, route: "submit",
  },
  {
    op: "ws", name: "WebSockets only", out: "ws", back: "ws", cookie: false, bus: false, route: "",
  },
  {
    op: "queue", name: "publish to the queue", out: "http", back: "ws", cookie: false, bus: true, route: "with-redis",
  },
  {
    op: "mem-rr", name: "non-sticky HTTP & in-memory WebSocket", out: "http", back: "ws", cookie: false, bus: false, route: "without-redis",
  },
  {
    op: "mem-sticky", name: "sticky HTTP & in-memory WebSocket", out: "http", back: "ws", cookie: true, bus: false, route: "without-redis",
  },
];

/** @type {Action[]} */
const ALL = [...ACTIONS, ...CASE_ACTIONS];

/** @param {Op | CaseOp} op */
export const actionOf = op => /** @type {Action} */ (ALL.find(a => a.op === op));
