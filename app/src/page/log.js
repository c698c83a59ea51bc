// What arrived, newest first.
import { $, el, sign, swatch } from "./dom.js";

const KEPT = 200;

export function createLog() {
  const list = $("log"), count = { https: 0, wss: 0 };
  let bursts = 0;
  const empty = () => list.replaceChildren(el("li", "empty", "Nothing yet."));
  const counted = proto => { $("n-" + proto).textContent = String(count[proto]); };

  function add({ proto, text, slot = null, missed = false }) {
    list.querySelector(".empty")?.remove();
    const now = new Date(), clock = now.toLocaleTimeString("en-GB", { hour12: false });
    const time = el("time", "", clock, el("span", "ms", "." + String(now.getMilliseconds()).padStart(3, "0")));
    time.dateTime = now.toISOString();
    const said = el("span", "txt");
    if (slot) said.append(swatch(slot));
    said.append(text);
    const li = el("li", "is-" + proto, time, el("span", "proto " + proto, proto === "note" ? "note" : proto.toUpperCase()), said);
    if (missed) li.append(el("span", "x", sign(true), "missed"));
    list.prepend(li);
    while (list.children.length > KEPT) list.lastElementChild.remove();
    if (proto in count) {
      count[proto]++;
      counted(proto);
    }
  }

  for (const proto of ["https", "wss"]) $("f-" + proto).addEventListener("change", e => list.classList.toggle("no-" + proto, !e.target.checked));
  $("clear").addEventListener("click", () => {
    empty();
    for (const proto in count) {
      count[proto] = 0;
      counted(proto);
    }
  });
  empty();

  return {
    add,
    // While twenty are under way the caption speaks for them all.
    quiet(on) {
      bursts += on ? 1 : -1;
      list.setAttribute("aria-live", bursts ? "off" : "polite");
    },
  };
}
