// The sentence and the ledger above the map.
/** @import { Because, Op, Shown, State, Step, Token } from "./types.d.ts" */
import { actionOf } from "./actions.js";
import { $, button } from "./dom.js";
import { el, mark } from "./tree.js";
import { because } from "./why.js";
import { caption, dropped, ledger } from "./words.js";

// Names longer than this may break across lines.
const UNBROKEN = 20, NO_BREAK = "\u00a0";

/** @param {Shown} s */
const underWay = s => (s.kind === "trace" && (!s.m.finished || s.done < s.hops.length)) || (s.kind === "burst" && !s.done);

/**
 * A sentence as nodes.
 * @param {Token[]} tokens
 */
export function sentence(tokens) {
  return tokens.filter(t => t !== "").map(t => {
    if (typeof t === "string") return t;
    if (t.id !== undefined) return el("span", t.id.length > UNBROKEN ? "id long" : "id", t.id);
    return el("strong", t.miss ? "miss" : "", mark(t.miss ? "bad" : "good"), t.end);
  });
}

/** @type {(x: Step, number?: number) => HTMLElement} */
function step(x, number) {
  const li = el("li", "", number ? el("span", "k", String(number)) : null, x.text, el("b", "", x.bold));
  if (x.ms) {
    const time = el("span", "us", x.ms.replace(" ", NO_BREAK) + (x.clock ? ` (${x.clock.replace(" ", NO_BREAK)}${NO_BREAK}clock)` : ""));
    time.title = `measured by ${x.clock ?? x.bold} since it first saw this message`;
    li.append(" ", time);
  }
  return li;
}

/** @type {(state: State) => HTMLElement[]} */
function lines({ shown, world, expose, socket }) {
  if (shown.kind === "burst") return [el("li", "", expose === "off" ? "" : `The thicker the line, the more of the ${shown.n} went that way.`)];
  if (shown.kind === "trace") return [...ledger(shown.m, shown.hops, world.bus, shown.done).map((x, i) => step(x, i + 1)), ...(shown.drops.length ? [step(dropped(shown.drops))] : [])];
  return [el("li", "", expose === "off" ? "Every line in the log comes from a server." : socket.state === "live" ? "Every line drawn here comes from a server's answer." : "")];
}

/**
 * @param {State} state
 * @param {(op: Op, many: boolean) => void} press
 */
export function createTold(state, press) {
  let said = "", why = "";

  /** @param {Because | null} b */
  function reason(b) {
    const p = $("because"), now = JSON.stringify(b);
    if (now === why) return;
    why = now;
    p.hidden = !b;
    if (!b) return p.replaceChildren();
    const { op, many } = b;
    p.replaceChildren(b.reason);
    if (!op) return;
    const link = button("instead", actionOf(op).name);
    link.addEventListener("click", () => press(op, many));
    p.append(b.reason ? " " : "", link, " " + b.words);
  }

  return () => {
    reason(because(state));
    const p = $("caption"), tokens = caption(state), now = JSON.stringify(tokens) + (state.shown.kind === "trace" ? state.shown.m.id : "");
    $("ledger").replaceChildren(...lines(state));
    // A screen reader hears no sentence twice, and only the last one about a message.
    if (now === said) return;
    said = now;
    p.setAttribute("aria-live", underWay(state.shown) ? "off" : "polite");
    p.replaceChildren(...sentence(tokens));
  };
}
