// The sentence and the ledger under the map.
import { $, el, sign } from "./dom.js";
import { caption, dropped, ledger } from "./words.js";

// Names longer than this may break across lines.
const UNBROKEN = 20, NO_BREAK = "\u00a0";

const underWay = s => (s.kind === "trace" && (!s.m.finished || s.done < s.hops.length)) || (s.kind === "burst" && !s.done);

function sentence(tokens) {
  return tokens.filter(t => t !== "").map(t => {
    if (typeof t === "string") return t;
    if (t.id) return el("span", t.id.length > UNBROKEN ? "id long" : "id", t.id);
    return el("strong", t.miss ? "miss" : "", sign(Boolean(t.miss)), t.end);
  });
}

function step(x, number) {
  const li = el("li", "", ...(number ? [el("span", "k", String(number))] : []), x.text, el("b", "", x.bold));
  if (x.ms) {
    const time = el("span", "us", x.ms.replace(" ", NO_BREAK) + (x.clock ? ` by${NO_BREAK}${x.clock}` : ""));
    time.title = `counted by ${x.clock ?? x.bold} from when it first saw this message`;
    li.append(" ", time);
  }
  return li;
}

function lines({ shown, world, expose, socket }) {
  if (shown.kind === "burst") return [el("li", "", expose === "off" ? "" : `The thicker a line, the more of the ${shown.n} went that way.`)];
  if (shown.kind === "trace") return [...ledger(shown.m.op, shown.hops, world.bus, shown.done).map((x, i) => step(x, i + 1)), ...(shown.drops.length ? [step(dropped(shown.drops))] : [])];
  return [el("li", "", expose === "off" ? "Every line of the log is a server's own." : socket.state === "live" ? "Every line drawn here comes from a server's answer." : "")];
}

export function createTold(state) {
  let said = "";
  return () => {
    const p = $("caption"), tokens = caption(state), now = JSON.stringify(tokens) + (state.shown.m?.id ?? "");
    $("ledger").replaceChildren(...lines(state));
    // The same sentence again is not read out again, and of a message under way only the last one is.
    if (now === said) return;
    said = now;
    p.setAttribute("aria-live", underWay(state.shown) ? "off" : "polite");
    p.replaceChildren(...sentence(tokens));
  };
}
