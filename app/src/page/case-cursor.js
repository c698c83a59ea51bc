// A download in twelve pieces as the page knows it: which pieces came and from where, and which worker holds the cursor. Pure.
/** @import { World } from "./types.d.ts" */
import { podOf } from "./ids.js";

export const PIECES = 12;

/**
 * @typedef {{ by: string | null, way: "http" | "ws" }} Piece a piece that came: from which worker, and how
 * @typedef {object} Cursor
 * @property {(Piece | null)[]} pieces
 * @property {boolean} open a worker was asked to keep the cursor, and it isn't used up
 * @property {string | null} at the worker that keeps it, as far as the page knows
 * @property {boolean} gone that worker is no more
 * @property {number} misses requests that found no cursor
 * @property {boolean} missed the last request was one of them
 */

/** @returns {Cursor} */
export const noCursor = () => ({ pieces: Array.from({ length: PIECES }, () => null), open: false, at: null, gone: false, misses: 0, missed: false });

/** @type {(at: string | null) => Cursor} */
export const opened = at => ({ ...noCursor(), open: true, at });

/** The first piece that hasn't come; PIECES once all have. @param {Cursor} c */
export const nextOf = c => (c.pieces.includes(null) ? c.pieces.indexOf(null) : c.pieces.length);
/** @param {Cursor} c */
export const piecesOf = c => c.pieces.filter(p => p !== null).length;
/**
 * @param {unknown} piece
 * @returns {piece is number}
 */
export const isPiece = piece => typeof piece === "number" && Number.isInteger(piece) && piece >= 0 && piece < PIECES;

/** @type {(c: Cursor, piece: number, from: Piece) => Cursor} */
export function received(c, piece, from) {
  const pieces = c.pieces.map((p, i) => (i === piece ? from : p)), more = pieces.includes(null);
  // Over HTTP a piece comes from the worker with the cursor, which drops the cursor after the last one.
  const at = from.way === "http" && from.by ? from.by : c.at;
  return { ...c, pieces, missed: false, at, gone: from.way === "http" ? false : c.gone, open: c.open && more };
}

/** @type {(c: Cursor, by: string | null) => Cursor} */
export const missedAt = (c, by) => ({ ...c, misses: c.misses + 1, missed: true, gone: c.gone || (by !== null && by === c.at) });

/**
 * A cursor is gone with its worker or its pod.
 * @type {(c: Cursor, world: World) => Cursor}
 */
export function seen(c, world) {
  if (!c.open || !c.at || c.gone || !world.known) return c;
  const { at } = c, pod = world.pods.find(p => p.name === podOf(at));
  return pod?.workers.some(w => w.id === at) ? c : { ...c, gone: true };
}

/** What the page shows of it: pieces, by the worker that sent each, in order. @param {Cursor} c */
export function sources(c) {
  /** @type {Map<string, number>} */
  const by = new Map();
  for (const p of c.pieces) if (p?.by) by.set(p.by, (by.get(p.by) ?? 0) + 1);
  return [...by];
}
