// The buttons that change a demo on this machine: mode, pods, affinity, and killing a pod or a worker.
/** @import { Change, Controlled, Pending, State } from "./types.d.ts" */
import { $, button } from "./dom.js";
import { progressOf, targetsOf } from "./controls-progress.js";
import { el, mark } from "./tree.js";

const MODES = ["3x1", "1x4"], MOST_PODS = 64;
const CHANGE_MS = 10_000, SETTLED_MS = 60_000;

/**
 * Whether the front door has controls: only that of `stickyctl up --local` has.
 * @param {State["world"]} world
 */
export const canControl = world => world.known && world.door.control;

/**
 * Asks the front door for a change. It answers before the change is done: the topology follows.
 * @param {Change} change
 * @returns {Promise<Controlled>}
 */
export async function control(change) {
  try {
    const response = await fetch("control", {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(change), cache: "no-store", signal: AbortSignal.timeout(CHANGE_MS),
    });
    const body = await response.json();
    if (!response.ok) return { ok: false, message: String(body.error?.message ?? `the front door answered ${response.status}`) };
    return { ok: true, message: "", mode: String(body.mode ?? "") };
  } catch {
    return { ok: false, message: "the demo doesn't answer" };
  }
}

/**
 * A group of buttons with its name.
 * @type {(name: string, ...children: Node[]) => HTMLElement}
 */
const knobs = (name, ...children) => el("fieldset", "control", el("legend", "", name), el("div", "control-row", ...children));

/** @type {(label: string, words: string, press: () => void) => HTMLButtonElement} */
function knob(label, words, press) {
  const b = button("knob", label);
  if (words) b.setAttribute("aria-label", words);
  b.addEventListener("click", () => b.getAttribute("aria-disabled") !== "true" && press());
  return b;
}

/** @type {(b: HTMLElement, off: boolean) => void} */
const disable = (b, off) => (off ? b.setAttribute("aria-disabled", "true") : b.removeAttribute("aria-disabled"));

/**
 * What is said about a change that no pod shows.
 * @param {Change} change
 */
function newsOf(change) {
  if (change.kill) return `Killed ${change.kill}; a new worker replaces it at once.`;
  return change.affinity === "off" ? "Affinity is off: each request goes to the next pod." : "Affinity is on: the cookie leads each request to its pod.";
}

/**
 * What does the same in a terminal. Affinity is a key of the live view.
 * @param {Change} change
 */
function commandOf({ scale, mode, kill }) {
  const change = scale ? `scale ${scale}` : mode ? `mode ${mode}` : kill ? `kill ${kill}` : "";
  return change ? `stickyctl ${change} --local` : "stickyctl status --local --watch";
}

/**
 * Makes the controls. They open and close with the mode in the page's head.
 * @param {State} state
 */
export function createControls(state) {
  const details = /** @type {HTMLDetailsElement} */ ($("mode")), strip = $("controls");
  const said = el("p", "control-said"), terminal = el("code", ""), count = el("output", "control-count"), targets = el("select", "");
  const modes = MODES.map(mode => ({ mode, knob: knob(mode, "", () => ask({ mode })) }));
  const fewer = knob("\u2212", "one pod fewer", () => ask({ scale: shown().pods - 1 })), more = knob("+", "one pod more", () => ask({ scale: shown().pods + 1 }));
  const on = knob("on", "", () => ask({ affinity: "cookie" })), off = knob("off", "", () => ask({ affinity: "off" }));
  const kill = knob("kill", "", () => ask({ kill: targets.value }));
  /** @type {Pending | null} */
  let pending = null;
  /** @type {number | undefined} */
  let patience;
  let asking = false, command = "";
  const shown = () => progressOf(state.world, pending, state.now);

  said.setAttribute("role", "status");
  targets.setAttribute("aria-label", "Pod or worker to kill");
  strip.append(knobs("Mode", ...modes.map(m => m.knob)), knobs("Pods", fewer, count, more), knobs("Affinity", on, off), knobs("Kill", targets, kill), said,
    el("p", "control-cli", "In a terminal: ", terminal));
  details.addEventListener("toggle", paint);
  strip.addEventListener("keydown", e => {
    if (e.key !== "Escape") return;
    details.open = false;
    details.querySelector("summary")?.focus();
  });

  /** @param {Change} change */
  async function ask(change) {
    if (asking) return;
    asking = true;
    const done = await control(change);
    asking = false;
    if (done.ok) command = commandOf(change);
    if (!done.ok) say([mark("bad"), el("b", "", "Not changed: "), done.message]);
    else if (change.affinity || change.kill?.includes(":")) say([newsOf(change)]);
    else follow({ mode: done.mode ?? "", gone: change.kill ?? null });
    paint();
  }

  /** @param {Pending} next */
  function follow(next) {
    pending = next;
    clearTimeout(patience);
    patience = setTimeout(() => {
      say([`Not yet ${next.mode} after ${SETTLED_MS / 1000} s. `, el("code", "", "stickyctl status --local"), " says why."]);
      pending = null;
      paint();
    }, SETTLED_MS);
  }

  /** @param {(Node | string)[]} words */
  function say(words) {
    const next = el("span", "", ...words);
    if (next.textContent !== said.textContent) said.replaceChildren(next);
  }

  function paint() {
    const can = canControl(state.world), { world } = state;
    details.classList.toggle("can", can);
    strip.hidden = !can || !details.open;
    if (!can) return;
    const { mode, pods, done, words } = shown();
    if (pending) say([words]);
    if (pending && done) {
      pending = null;
      clearTimeout(patience);
    }
    strip.dataset.settled = String(done);
    for (const m of modes) m.knob.setAttribute("aria-pressed", String(m.mode === mode));
    on.setAttribute("aria-pressed", String(world.door.affinity === "cookie"));
    off.setAttribute("aria-pressed", String(world.door.affinity === "off"));
    count.textContent = String(pods);
    disable(fewer, pods <= 1);
    disable(more, pods >= MOST_PODS);
    const names = targetsOf(world), chosen = targets.value;
    if (names.join() !== Array.from(targets.options, o => o.value).join()) targets.replaceChildren(...names.map(name => new Option(name, name, false, name === chosen)));
    disable(kill, !names.length);
    terminal.textContent = command || commandOf({ mode: mode === "1x4" ? "3x1" : "1x4" });
  }
  return paint;
}
