// What the use cases ask for, in the shape of the six buttons: the map and its sentences treat both alike.
/** @import { Action, CaseOp } from "./types.d.ts" */

const CURSOR = { step: "no cursor of yours on ", words: ["no cursor of yours", "no cursor here", "missed", "miss"] };

/** @type {(op: CaseOp, route: string, cookie: boolean, more?: Partial<Action<CaseOp>>) => Action<CaseOp>} */
const request = (op, route, cookie, more) => ({ op, name: "", out: "http", back: "http", cookie, bus: false, route, why: "", ...more });

/** @type {Action<CaseOp>[]} */
export const CASE_ACTIONS = [
  request("piece-sticky", "download", true, { miss: CURSOR }),
  request("piece-rr", "download", false, { miss: CURSOR }),
  request("relay", "download", true, { back: "ws", bus: true }),
  request("canary-sticky", "whoami", true, { verb: "GET" }),
  request("canary-rr", "whoami", false, { verb: "GET" }),
  request("model-sticky", "model", true),
  request("model-rr", "model", false),
];
