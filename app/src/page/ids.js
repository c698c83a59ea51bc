// Identities ("app-3:0": pod and worker) and the client id.

export const podOf = id => id.split(":")[0];

// A client id is a capability: whoever reads it off a screen could send to its sockets. Six characters are shown, never more.
const SHOWN_ID = 6;
export const shortId = clientId => clientId.slice(0, SHOWN_ID);
export const cutId = (text, clientId) => (clientId.length > SHOWN_ID ? text.replaceAll(clientId, shortId(clientId)) : text);

// The identity a server puts in front of its texts: "[app-1:2]  hello".
export const speakerOf = text => /^\[([^\]\s]{1,253})\]/.exec(text)?.[1] ?? null;

// What a server's text says after its identity.
export const saidBy = text => text.replace(/^\[[^\]\s]{1,253}\] {1,2}/, "");

// A name that must fit into `room` characters keeps its end, the part in which pods of one deployment differ.
export function fit(name, room) {
  if (name.length <= room) return name;
  const tail = name.slice(name.lastIndexOf("-") + 1);
  return "…" + (tail.length < room ? tail : tail.slice(-Math.max(1, room - 1)));
}
