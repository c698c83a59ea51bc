// The connection line and the mode.
/** @import { State, World } from "./types.d.ts" */
import { $, button, swatch } from "./dom.js";
import { modeOf, slotOf } from "./topology.js";
import { build, el } from "./tree.js";
import { gone } from "./words.js";

/** @type {(world: World, id: string) => (Node | string)[]} */
const who = (world, id) => {
  const slot = slotOf(world, id);
  return [...(slot ? [swatch(slot)] : []), el("span", "id", id)];
};

/** @param {boolean} live */
const lamp = live => build(["svg", { width: 12, height: 12, viewBox: "0 0 12 12", "aria-hidden": "true" }, ["circle", { class: live ? "lamp" : "lamp off", cx: 6, cy: 6, r: 4 }]]);

/** @param {() => void} reconnect */
export function createFacts(reconnect) {
  const now = button("reconnect", "reconnect now"), words = el("span", ""), left = el("span", "");
  let said = "";
  // A screen reader hears the state when it changes, not each second of the countdown.
  left.setAttribute("aria-hidden", "true");
  now.addEventListener("click", reconnect);
  $("c-live").append(words);
  $("c-live").after(left);
  $("c-live").parentElement?.after(now);
  closeOnEscape(/** @type {HTMLDetailsElement} */ ($("mode")));

  /** @param {State} state */
  return state => {
    const { world, session, socket, expose, now: clock } = state;
    const live = socket.state === "live", mode = modeOf(world);
    document.body.dataset.socket = socket.state;
    document.body.dataset.mode = mode.name;
    $("c-page").replaceChildren(...(expose === "off" ? ["not shown"] : who(world, session.pageBy)));
    $("c-id").textContent = session.id6;
    $("c-sock").replaceChildren(...(live ? (socket.at ? who(world, socket.at) : ["open"]) : ["none"]));
    if (said !== socket.words) {
      said = socket.words;
      words.replaceChildren(lamp(live), " " + socket.words);
    }
    left.textContent = socket.until === null ? "" : `, retry in ${Math.max(1, Math.ceil((socket.until - clock) / 1000))} s`;
    left.hidden = socket.until === null;
    now.hidden = live || socket.opening;
    $("mode-name").textContent = expose === "off" ? "not shown" : mode.name;
    $("mode-words").textContent = expose === "off" ? "" : gone(state) ? "when last seen" : mode.words;
    const other = mode.workers === null || mode.workers > 1 ? "3x1" : "1x4";
    $("how-local").textContent = `stickyctl mode ${other} --local`;
    $("how-cluster").textContent = `stickyctl mode ${other}`;
  };
}

/** @param {HTMLDetailsElement} details */
function closeOnEscape(details) {
  details.addEventListener("keydown", e => {
    if (e.key !== "Escape" || !details.open) return;
    details.open = false;
    details.querySelector("summary")?.focus();
  });
  document.addEventListener("pointerdown", e => {
    // What stands in the page, and covers nothing, stays open.
    if (e.target instanceof Node && !details.contains(e.target) && !details.classList.contains("can")) details.open = false;
  });
}
