// What the panels of the use cases have in common: their buttons, a sentence, a score, and one job at a time.
/** @import { CaseOp, ShownBurst, State, Token } from "./types.d.ts" */
/** @import { Ask } from "./case-ask.js" */
import { oneAtATime } from "./case-run.js";
import { $ } from "./dom.js";
import { podOf } from "./ids.js";
import { freshBurst } from "./tally.js";
import { el, mark } from "./tree.js";
import { sentence } from "./told.js";
import { slotOf } from "./topology.js";

/**
 * What a panel needs from the page.
 * @typedef {object} CaseEnv
 * @property {State} state
 * @property {Ask} ask
 * @property {ReturnType<typeof import("./player.js").createPlayer>} player
 * @property {{ quiet: (on: boolean) => void }} log
 * @property {() => string} bus its name in a sentence
 * @property {() => void} wake opens a socket if there is none
 * @property {() => boolean} canKill whether pods can be killed from this page
 * @property {(name: string) => Promise<{ ok: boolean, message: string }>} kill
 *
 * @typedef {ReturnType<typeof casePanel>} CasePanel
 */

const WIDTH = 360;

/**
 * @param {string} id of an article that index.html has
 * @param {Pick<CaseEnv, "log">} env
 */
export function casePanel(id, { log }) {
  const article = $(id), jobs = oneAtATime();
  const buttons = new Map([.../** @type {NodeListOf<HTMLButtonElement>} */ (article.querySelectorAll("button[data-do]"))].map(b => [b.dataset.do ?? "", b]));
  /** @param {string} name */
  const part = name => /** @type {HTMLElement} */ (article.querySelector(`[data-part="${name}"]`));
  const busy = () => { article.dataset.busy = String(jobs.busy()); };
  busy();

  /**
   * While many requests are under way, their button stops them, and the others wait.
   * @param {string | null} name
   */
  function hold(name) {
    for (const [key, b] of buttons) {
      if (key !== name) b.setAttribute("aria-disabled", String(name !== null));
      b.classList.toggle("stop", key === name);
    }
  }

  return {
    article, part, jobs,
    /** @param {string} name */
    button: name => /** @type {HTMLButtonElement} */ (buttons.get(name)),
    /**
     * A button that asks once.
     * @type {(name: string, job: () => Promise<void>) => void}
     */
    once(name, job) {
      buttons.get(name)?.addEventListener("click", () => {
        const done = jobs.single(job);
        busy();
        done.finally(busy);
      });
    },
    /**
     * A button that asks many times, and stops that when it is pressed again. The log is silent for screen readers meanwhile.
     * @type {(name: string, job: (signal: AbortSignal) => Promise<void>) => void}
     */
    often(name, job) {
      const b = buttons.get(name);
      b?.addEventListener("click", async () => {
        if (b.classList.contains("stop")) return jobs.stop();
        if (jobs.busy()) return;
        hold(name);
        log.quiet(true);
        const done = jobs.run(job);
        busy();
        await done.finally(() => {
          hold(null);
          log.quiet(false);
          busy();
        });
      });
    },
    /** @param {Token[]} tokens */
    say: tokens => part("said").replaceChildren(...sentence(tokens)),
    /** @type {(name: string, items: [text: string, bad?: boolean][]) => void} */
    score: (name, items) => part(name).replaceChildren(...items.map(([text, bad]) => el("span", bad ? "bad" : "", bad ? mark("bad") : null, text))),
    /** The width that a figure has, in CSS pixels. @param {string} name */
    width: name => Math.round(part(name).clientWidth) || WIDTH,
  };
}

/**
 * Many requests that are about to be sent; the map says nothing of them until they have a sentence.
 * @type {(state: State, op: CaseOp, n: number) => ShownBurst}
 */
export const burstOf = (state, op, n) => ({ ...freshBurst(op, n, state.expose !== "off"), socketAt: state.socket.at, said: ["On its way."] });

/**
 * Gives the colour of a pod, also of one that was seen and is gone by now.
 * @param {State} state
 */
export function colours(state) {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return (/** @type {string | null} */ id) => {
    if (id === null) return null;
    const slot = slotOf(state.world, id) ?? seen.get(podOf(id)) ?? null;
    if (slot !== null) seen.set(podOf(id), slot);
    return slot;
  };
}
