// A model that is warm for you: each worker loads it for a session when it is first used there.
/** @import { CaseEnv } from "./case-panel.js" */
/** @import { Asked } from "./case-ask.js" */
/** @import { Use } from "./case-dots.js" */
import { coldOf, dots } from "./case-dots.js";
import { askInTurn } from "./case-run.js";
import { burstOf, casePanel, colours } from "./case-panel.js";
import { failedWords, useWords, usesWords } from "./case-words.js";
import { addTo } from "./tally.js";
import { build } from "./tree.js";

const USES = 20, KEPT_USES = 200, MODEL_OPS = /** @type {const} */ (["model-sticky", "model-rr"]);

/** @param {CaseEnv} env */
export function createModel(env) {
  const { state, ask, player } = env, panel = casePanel("case-model", env), colour = colours(state);
  /** @type {Record<typeof MODEL_OPS[number], Use[]>} */
  const uses = { "model-sticky": [], "model-rr": [] };

  function show() {
    for (const op of MODEL_OPS) {
      const own = uses[op], cold = coldOf(own);
      panel.part(op).replaceChildren(build(dots(own, panel.width(op), colour)));
      panel.score("score-" + op, own.length ? [[`${cold} cold of ${own.length}`]] : []);
      Object.assign(panel.part(op).dataset, { n: own.length, cold });
    }
  }

  /** @type {(op: typeof MODEL_OPS[number], m: Asked) => void} */
  function keep(op, m) {
    if (m.problem) return;
    uses[op] = [...uses[op], { by: m.reached, ms: m.took, cold: m.json.cold === true }].slice(-KEPT_USES);
    show();
  }

  for (const op of MODEL_OPS) {
    panel.once("one-" + op, async () => {
      const m = ask(op, "", {
        heard(answered) {
          keep(op, answered);
          answered.said = answered.problem ? failedWords(answered, env.bus()) : useWords(answered);
          panel.say(answered.said);
        },
      });
      player.follow(m);
      await m.whenFinished;
    });
    panel.often("many-" + op, async signal => {
      const shown = burstOf(state, op, USES), paint = player.flow(shown);
      let n = 0, cold = 0, failed = 0;
      /** @type {import("./types.d.ts").Token[] | null} */
      let trouble = null;
      await askInTurn(USES, signal, () => ask(op, "", { signal }), m => {
        keep(op, m);
        if (m.problem) {
          failed++;
          trouble = failedWords(m, env.bus());
        } else {
          n++;
          if (m.json.cold === true) cold++;
        }
        addTo(shown, m);
        shown.said = [`Used ${n + failed} of ${USES} times.`];
        paint();
      });
      shown.n = n + failed;
      shown.said = n || !trouble ? usesWords(shown, cold, failed) : trouble;
      shown.done = true;
      panel.say(shown.said);
      paint();
    });
  }

  show();
  return {
    refresh: show,
    /** The mode has changed, so what was counted says nothing about it. */
    restart() {
      for (const op of MODEL_OPS) uses[op] = [];
      show();
    },
  };
}
