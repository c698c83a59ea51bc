// What a use case says about a request, or about many: one sentence that ends in the outcome. Pure.
/** @import { Counts, ShownBurst, Token } from "./types.d.ts" */
/** @import { Asked } from "./case-ask.js" */
/** @import { Cursor } from "./case-cursor.js" */
import { actionOf } from "./actions.js";
import { podOf } from "./ids.js";
import { places, sent, trouble } from "./words.js";

/** @typedef {Pick<ShownBurst, "op" | "n" | "reached" | "cookies">} Many requests that have been answered */

const GOOD = { end: "arrived" }, BAD = { end: "missed", miss: true };
/** @type {(n: number, what: string) => string} */
export const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
/** @type {(w: string | null, otherwise?: string) => Token} */
const worker = (w, otherwise = "a worker") => (w ? { id: w } : otherwise);

/**
 * Workers and how many of the requests each got, or pods where there are many workers.
 * @param {Counts} reached
 * @returns {Token[]}
 */
function listed(reached) {
  const list = Object.entries(places(reached)).sort((x, y) => x[0].localeCompare(y[0], "en", { numeric: true })), one = list.length === 1;
  return list.flatMap(([w, n], i) => [i ? (i === list.length - 1 ? " and " : ", ") : "", { id: w }, one ? "" : " " + n]);
}

/**
 * How many were sent, and what went along where answers tell it of each.
 * @param {Many} many
 */
function requests({ op, n, cookies: { some, none } }) {
  const what = counted(n, actionOf(op).verb ?? "POST");
  return some && some === n ? what + " with the cookie" : none && none === n ? what + " without a cookie" : some ? `${what}, ${some} with the cookie,` : what;
}

/**
 * @param {Many} many
 * @returns {Token[]}
 */
const went = many => (Object.keys(many.reached).length ? [requests(many) + " reached ", ...listed(many.reached)] : [requests(many) + (many.n === 1 ? " was sent" : " were sent")]);

/** @type {(failed: number) => Token[]} */
const failures = failed => (failed ? [", ", { end: `${failed} failed`, miss: true }] : []);

/**
 * A request that the app didn't answer as it should; `bus` is the bus's name.
 * @type {(m: Asked, bus: string) => Token[]}
 */
export const failedWords = (m, bus) => (m.problem ? [...trouble(m, m.problem, m.reached, bus), ": ", BAD, "."] : []);

/**
 * @param {Asked} m
 * @returns {Token[]}
 */
export const openedWords = m => [sent(m) + " reached ", worker(m.reached), ", which opened a cursor for you at piece 1: ", GOOD, "."];

/** @type {(m: Asked, cursor: Cursor, piece: number) => Token[]} */
export const pieceWords = (m, cursor, piece) => [
  sent(m) + " reached ", worker(m.reached), `, which holds your cursor and sent piece ${piece + 1}${piece + 1 === cursor.pieces.length ? ", the last" : ""}: `, GOOD, ".",
];

/**
 * A request for a piece that found no cursor; `cursor` is as it was before.
 * @type {(m: Asked, cursor: Cursor) => Token[]}
 */
export function noCursorWords(m, { at, gone }) {
  const w = m.reached;
  if (gone && at) return [sent(m) + " reached ", worker(w), "; your cursor was on ", { id: at }, " and went with it: ", BAD, "."];
  if (w && at === w) return [sent(m) + " reached ", { id: w }, ", which no longer has your cursor: ", BAD, "."];
  if (!w || !at) return [sent(m) + " reached ", worker(w), ", which has no cursor of yours: ", BAD, "."];
  return [sent(m) + " reached ", { id: w }, podOf(w) === podOf(at) ? ", the right pod but the wrong worker" : "", "; your cursor is on ", { id: at }, ": ", BAD, "."];
}

/** @type {(many: Many, pieces: number, missed: number, failed: number) => Token[]} */
export const restWords = (many, pieces, missed, failed) => [
  ...went(many), ": ", { end: counted(pieces, "piece") + " arrived", miss: false },
  ...(missed ? [", ", { end: `${missed} missed`, miss: true }] : []), ...failures(failed), ".",
];

/** @type {(m: Asked, published: number, got: number, by: string | null, waited: boolean) => Token[]} */
export function relayWords(m, published, got, by, waited) {
  const start = [sent(m) + " reached ", worker(m.reached), `, which published ${counted(published, "piece")}`];
  if (!got) return [...start, waited ? "; none came within 5 s: " : "; no worker holds your socket right now: ", BAD, "."];
  const ends = [{ end: `${got} arrived` }, ...(got < published ? [{ end: `${published - got} missed`, miss: true }] : [])];
  return [...start, "; ", worker(by, "the worker with your socket"), " wrote them to your socket: ", ...ends.flatMap((end, i) => (i ? [", ", end] : [end])), "."];
}

/** @param {number} ms */
export const inMs = ms => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en")) + " ms";

/**
 * @param {Asked} m
 * @returns {Token[]}
 */
export const useWords = m => [
  sent(m) + " reached ", worker(m.reached), m.json.cold ? `, which had to load your model first and took ${inMs(m.took)}: ` : `, where your model was warm, and took ${inMs(m.took)}: `, GOOD, ".",
];

/** @type {(many: Many, cold: number, failed: number) => Token[]} */
export function usesWords(many, cold, failed) {
  const n = many.n - failed, workers = Object.keys(many.reached), pods = new Set(workers.map(podOf));
  const why = !cold ? "; your model was warm there already" : workers.length === 1 ? ", which loaded your model once and kept it"
    : cold < workers.length ? `; ${cold} of them had to load your model` : pods.size === 1 && many.cookies.some ? "; the cookie can't choose a worker, and each loaded your model for itself"
      : "; each loaded your model for itself";
  return [...went(many), workers.length && n ? why : "", ": ", { end: `${cold} cold of ${n}`, miss: false }, ...failures(failed), "."];
}

/**
 * What a session of a canary met: `versions` in the order of its answers.
 * @type {(many: Many, versions: (string | null)[], failed: number) => Token[]}
 */
export function stayWords(many, versions, failed) {
  const changes = changesOf(versions), n = versions.length;
  const end = changes ? { end: `changed version ${changes === 1 ? "once" : changes + " times"}`, miss: true }
    : n && versions[0] !== null ? { end: `${n} of ${n} on ${versions[0]}`, miss: false } : { end: "no version named", miss: true };
  return [...went(many), ": ", end, ...failures(failed), "."];
}

/** @param {(string | null)[]} list */
export const changesOf = list => list.filter((x, i) => i > 0 && x !== list[i - 1]).length;
