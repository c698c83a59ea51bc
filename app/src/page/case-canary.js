// A canary that a session must not leave: which version answered each of twenty requests.
/** @import { CaseEnv } from "./case-panel.js" */
/** @import { Stay } from "./case-bar.js" */
import { bar, versionsOf } from "./case-bar.js";
import { askInTurn } from "./case-run.js";
import { burstOf, casePanel, colours } from "./case-panel.js";
import { changesOf, failedWords, stayWords } from "./case-words.js";
import { swatch } from "./dom.js";
import { podOf } from "./ids.js";
import { addTo } from "./tally.js";
import { build, el } from "./tree.js";

const ASKS = 20, NAMED = 6, CANARY_OPS = /** @type {const} */ (["canary-sticky", "canary-rr"]);

/** @param {CaseEnv} env */
export function createCanary(env) {
  const { state, ask, player } = env, panel = casePanel("case-canary", env), colour = colours(state);
  /** @type {Record<typeof CANARY_OPS[number], Stay[]>} */
  const stays = { "canary-sticky": [], "canary-rr": [] };

  function show() {
    for (const op of CANARY_OPS) {
      const own = stays[op], versions = own.map(stay => stay.version), changes = changesOf(versions);
      panel.part(op).replaceChildren(build(bar(own, ASKS, panel.width(op), colour)));
      panel.score("score-" + op, own.length ? [[changes ? `changed version ${changes === 1 ? "once" : changes + " times"}` : `${own.length} of ${own.length} on ${versions[0] ?? "an unnamed version"}`, changes > 0]] : []);
      Object.assign(panel.part(op).dataset, { n: own.length, changes, versions: JSON.stringify([...new Set(versions)]) });
    }
    panel.part("versions").replaceChildren(...versionsOf(CANARY_OPS.flatMap(op => stays[op])).map(legend));
    showHint();
  }

  /** @param {{ version: string, pods: string[] }} one */
  function legend({ version, pods }) {
    const who = pods.length > NAMED ? [`${pods.length} pods`] : pods.flatMap(pod => [swatch(colour(pod) ?? 1), el("span", "id", pod), " "]);
    return el("span", "", el("b", "id", version), " ", ...who);
  }

  /** Where all pods have one version, there is nothing to leave. */
  function showHint() {
    const versions = new Set(state.world.pods.map(p => p.version)), [only] = versions, hint = panel.part("hint");
    hint.hidden = versions.size !== 1;
    const how = state.world.door.kind === "local" ? [el("code", "", "stickyctl up --local --canary 1")] : ["set ", el("code", "", "canary.pods"), " in the spec"];
    hint.replaceChildren(...(only ? [`Every pod runs version ${only}. For a second version: `, ...how] : ["No pod names its version."]));
  }

  for (const op of CANARY_OPS) {
    panel.often(op, async signal => {
      /** @type {Stay[]} */
      const own = [], shown = burstOf(state, op, ASKS), paint = player.flow(shown);
      stays[op] = own;
      let failed = 0;
      /** @type {import("./types.d.ts").Token[] | null} */
      let trouble = null;
      await askInTurn(ASKS, signal, () => ask(op, "", { signal }), m => {
        if (m.problem) {
          failed++;
          trouble = failedWords(m, env.bus());
        } else {
          own.push({ pod: m.reached && podOf(m.reached), version: typeof m.json.version === "string" ? m.json.version : null });
        }
        addTo(shown, m);
        shown.said = [`Asked ${own.length + failed} of ${ASKS}.`];
        show();
        paint();
      });
      shown.n = own.length + failed;
      shown.said = own.length || !trouble ? stayWords(shown, own.map(stay => stay.version), failed) : trouble;
      shown.done = true;
      panel.say(shown.said);
      show();
      paint();
    });
  }

  show();
  return { refresh: show };
}
