// What arrived, newest first.
import { $, input, swatch } from "./dom.js";
import { el, mark } from "./tree.js";

const KEPT = 200;

/** @typedef {{ proto: "http" | "ws" | "note", text: string, slot?: number | null, missed?: boolean }} Line */

export function createLog() {
  const log = $("log"), list = /** @type {HTMLElement} */ (log.firstElementChild), count = { http: 0, ws: 0 };
  let bursts = 0;
  const empty = () => list.replaceChildren(el("li", "empty", "Nothing yet."));
  /** @param {keyof typeof count} proto */
  const counted = proto => { $("n-" + proto).textContent = String(count[proto]); };

  /** @param {Line} line */
  function add({ proto, text, slot = null, missed = false }) {
    list.querySelector(".empty")?.remove();
    const now = new Date(), clock = now.toLocaleTimeString("en-GB", { hour12: false });
    const time = el("time", "", clock, el("span", "ms", "." + String(now.getMilliseconds()).padStart(3, "0")));
    time.dateTime = now.toISOString();
    const said = el("span", "txt", slot ? swatch(slot) : null, text), name = el("span", "proto " + proto, proto === "note" ? "note" : proto.toUpperCase());
    list.prepend(el("li", "is-" + proto, time, name, said, missed ? el("span", "x", mark("bad"), "missed") : null));
    while (list.children.length > KEPT) list.lastElementChild?.remove();
    if (proto !== "note") {
      count[proto]++;
      counted(proto);
    }
  }

  for (const proto of /** @type {const} */ (["http", "ws"])) {
    const box = input("f-" + proto);
    box.addEventListener("change", () => log.classList.toggle("no-" + proto, !box.checked));
  }
  $("clear").addEventListener("click", () => {
    empty();
    count.http = count.ws = 0;
    counted("http");
    counted("ws");
  });
  empty();

  return {
    add,
    /**
     * Keeps the log silent for screen readers while twenty are under way: the caption covers them all.
     * @param {boolean} on
     */
    quiet(on) {
      bursts += on ? 1 : -1;
      log.setAttribute("aria-live", bursts ? "off" : "polite");
    },
  };
}
