// Numbers and sentences as text.
import { el } from "../../../../../app/src/page/tree.js";

/**
 * "1 move", "2 moves", "1,000 moves".
 * @param {number} number
 * @param {string} one
 */
export const count = (number, one) => `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;

/** @param {number} ms */
export const seconds = ms => (ms < 1e5 ? (ms / 1000).toFixed(ms < 1e4 ? 2 : 1) : Math.round(ms / 1000)) + " s";

/** @param {number} rate */
export const percent = rate => (rate * 100 < 1 ? (rate * 100).toFixed(2) : rate * 100 > 99.95 ? "100" : (rate * 100).toFixed(1)) + "%";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * `25 Nov 2026, 14:02:07 UTC`, from RFC 3339.
 * @param {string} text
 */
export function moment(text) {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)Z$/.exec(text) || [];
  return year ? `${Number(day)} ${MONTHS[Number(month) - 1]} ${year}, ${time} UTC` : text;
}

const CODE = /(`[^`]+`|stickyctl [a-z]+(?: [0-9A-Zx]+)?(?: --[a-z][a-z-]*)*|(?<![\w-])--[a-z][a-z-]+(?: [0-9.]+(?:%|s)?)?)/;

/**
 * A sentence with its commands and flags set as code.
 * @param {string} text
 */
export const withCode = text => text.split(CODE).map((part, i) => {
  if (i % 2 === 0) return part;
  const code = part.replaceAll("`", "");
  return el("code", code.startsWith("--") ? "flag" : "", code);
});
