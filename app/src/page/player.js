// Plays messages on the map: one message hop by hop as its halves come in, or twenty as a flow. The latest press gets the map;
// messages of earlier presses still count.
/** @import { Followed, Op, Shown, ShownBurst, ShownTrace, State } from "./types.d.ts" */
import { actionOf } from "./actions.js";
import { calm } from "./dom.js";
import { addTo, freshBurst } from "./tally.js";
import { joined } from "./trace.js";

const HOP_MS = 330, ANSWER_HOP_MS = 170, HIDDEN_HOP_MS = 180, PACE_MS = 45, AT_ONCE = 4, BURST = 20;
/**
 * @typedef {object} Env
 * @property {State} state
 * @property {import("./map.js").MapView} map
 * @property {(shown: Shown) => void} show
 * @property {import("./send.js").Sender} sender
 * @property {{ quiet: (on: boolean) => void }} log
 * @property {() => void} owedChanged
 */

/** @param {number} ms */
const wait = ms => new Promise(done => setTimeout(done, ms));

/** @param {Env} env */
export function createPlayer({ state, map, show, sender, log, owedChanged }) {
  let turn = 0, owed = 0, woken = () => {};
  /** @param {Shown} shown */
  const begin = shown => {
    turn++;
    map.clear();
    show(shown);
    return turn;
  };

  /**
   * Resolves when anything about any message changes.
   * @returns {Promise<void>}
   */
  const news = () => new Promise(done => { woken = done; });

  /** @type {(op: Op, text: string) => Promise<void>} */
  const one = (op, text) => follow(sender.send(op, text));

  /**
   * Plays a message that is under way.
   * @param {Followed} m
   */
  async function follow(m) {
    /** @type {ShownTrace} */
    const shown = { kind: "trace", m, hops: joined(m), done: 0, drops: [] };
    const my = begin(shown), mine = () => my === turn;
    if (calm()) await m.whenFinished;
    while (mine()) {
      shown.hops = joined(m);
      if (calm() && m.finished) shown.done = shown.hops.length;
      if (shown.done < shown.hops.length) {
        await walk(shown, mine);
      } else if (m.finished) {
        return show(shown);
      } else {
        await news();
      }
    }
  }

  /** @type {(shown: ShownTrace, mine: () => boolean) => Promise<void>} */
  async function walk(shown, mine) {
    const hop = shown.hops[shown.done], publisher = shown.hops.find(h => h.kind === "publish")?.from;
    const ran = await map.glide(hop, publisher, hop.kind === "answer" ? ANSWER_HOP_MS : HOP_MS, mine);
    if (!ran) await wait(HIDDEN_HOP_MS);
    shown.done++;
    if (mine()) show(shown);
  }

  /** @type {(op: Op, text: string) => Promise<void>} */
  async function twenty(op, text) {
    /** @type {Promise<void>[]} */
    const all = [];
    const shown = freshBurst(op, BURST, state.expose !== "off");
    const my = begin(shown), mine = () => my === turn;
    log.quiet(true);
    let left = BURST;
    owed += BURST + 1;
    async function lane() {
      while (left-- > 0) {
        owed--;
        const m = sender.send(op, text);
        all.push(m.whenFinished.then(() => {
          addTo(shown, m);
          if (mine() && !calm()) show(shown);
        }));
        await Promise.all([m.whenAnswered, wait(PACE_MS)]);
      }
    }
    await Promise.all(Array.from({ length: actionOf(op).out === "ws" ? 1 : AT_ONCE }, lane));
    await Promise.all(all);
    log.quiet(false);
    shown.done = true;
    if (mine()) show(shown);
    owed--;
    owedChanged();
  }

  /**
   * Gives the map to messages that a use case sends. What it returns paints their progress, unless a later press has the map.
   * @param {ShownBurst} shown
   */
  function flow(shown) {
    const my = begin(shown);
    return () => {
      if (my === turn) show(shown);
    };
  }

  return {
    one, twenty, follow, flow,
    /** What bursts under way have yet to send, plus one for each until its caption is final. */
    owed: () => owed,
    heard: () => woken(),
    idle() {
      begin({ kind: "idle" });
    },
  };
}
