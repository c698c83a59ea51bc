// What a server wrote, in a body or a frame.
/** @import { Wire } from "./types.d.ts" */

/**
 * @param {string} text
 * @returns {Wire | null} null where it isn't a JSON object
 */
export function parsed(text) {
  try {
    const json = JSON.parse(text);
    return json && typeof json === "object" ? json : null;
  } catch {
    return null;
  }
}
