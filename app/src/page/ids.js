// Identities ("app-3:0": pod and worker) and the client id. Pure.

/** @param {string} id */
export const podOf = id => id.split(":")[0];

// A client id is a capability: whoever reads it off a screen could send to its sockets. Six characters are shown, never more.
const SHOWN_ID = 6;

/** @param {string} clientId */
export const shortId = clientId => clientId.slice(0, SHOWN_ID);

/**
 * @param {string} text of a server
 * @param {string} clientId
 */
export const cutId = (text, clientId) => (clientId.length > SHOWN_ID ? text.replaceAll(clientId, shortId(clientId)) : text);

/**
 * The identity at the start of a server's text: "[app-1:2]  hello".
 * @param {string} text
 */
export const speakerOf = text => /^\[([^\]\s]{1,253})\]/.exec(text)?.[1] ?? null;

/**
 * A name cut to `room` characters. It keeps its end, the part in which pods of one Deployment differ.
 * @param {string} name
 * @param {number} room
 */
export function fit(name, room) {
  if (name.length <= room) return name;
  const tail = name.slice(name.lastIndexOf("-") + 1);
  return "…" + (tail.length < room ? tail : tail.slice(-Math.max(1, room - 1)));
}
