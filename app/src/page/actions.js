// The six buttons, in the order of the page.
/** @import { Action, CaseOp, Op } from "./types.d.ts" */
import { CASE_ACTIONS } from "./case-actions.js";

/** @type {Action<Op>[]} */
export const ACTIONS = [
  {
    op: "http-rr", name: "HTTP & round robin", out: "http", back: "http", cookie: false, bus: false, route: "submit",
    why: "Sent without the cookie, so the front door picks the next pod in turn. The answer comes back on the same connection, so any pod can give it.",
  },
  {
    op: "http-sticky", name: "HTTP & sticky", out: "http", back: "http", cookie: true, bus: false, route: "submit",
    why: "Sent with the cookie, so the front door keeps you on one pod. In 1x4 the cookie selects the pod, but never a worker inside it.",
  },
  {
    op: "ws", name: "WebSockets only", out: "ws", back: "ws", cookie: false, bus: false, route: "",
    why: "Sent over your open socket to the worker that holds it, and answered on the same socket. Nothing has to be routed, so it always arrives.",
  },
  {
    op: "queue", name: "publish to the queue", out: "http", back: "ws", cookie: false, bus: true, route: "with-redis",
    why: "Sent without the cookie to any worker, which publishes it. The worker that holds your socket subscribes to your messages and delivers it, so it arrives no matter which worker got the request.",
  },
  {
    op: "mem-rr", name: "non-sticky HTTP & in-memory WebSocket", out: "http", back: "ws", cookie: false, bus: false, route: "without-redis",
    why: "Sent without the cookie. The worker that gets it can only write to sockets in its own memory. If another worker holds your socket, there is nothing to write to: a miss.",
  },
  {
    op: "mem-sticky", name: "sticky HTTP & in-memory WebSocket", out: "http", back: "ws", cookie: true, bus: false, route: "without-redis",
    why: "Sent with the cookie, so it reaches the pod that holds your socket. With one worker per pod it always arrives. With four it reaches the right pod, but often the wrong worker.",
  },
];

/** @type {Action[]} */
const ALL = [...ACTIONS, ...CASE_ACTIONS];

/** @param {Op | CaseOp} op */
export const actionOf = op => /** @type {Action} */ (ALL.find(a => a.op === op));
