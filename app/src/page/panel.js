// The six buttons and their scores.
/** @import { Action, Op, Score, State, World } from "./types.d.ts" */
import { ACTIONS, actionOf } from "./actions.js";
import { $, input } from "./dom.js";
import { share } from "./share.js";
import { build, el, mark } from "./tree.js";
import { explain } from "./why.js";

/** @typedef {Record<"one" | "twenty", (op: Op) => void>} Press */

/** @param {Action} a */
function glyph(a) {
  const end = a.bus ? 30 : 35;
  /** @param {"http" | "ws"} way */
  const stroke = way => (way === "ws" ? "g-ws" : "g-http");
  return build(["svg", { class: "glyph", viewBox: "0 0 40 26", "aria-hidden": "true" },
    ["path", { class: stroke(a.out), d: `M1 7H${end - 4}` }], ["path", { class: "g-head", d: `M${end + 2} 7l-7 -5v10z` }],
    ["path", { class: stroke(a.back), d: `M${end + 2} 19H8` }], ["path", { class: "g-head", d: "M1 19l7 -5v10z" }],
    a.bus ? ["rect", { class: "g-bus", x: 31, y: 3, width: 8, height: 20, rx: 2 }] : null,
    a.cookie ? ["circle", { class: "g-cookie", cx: 11, cy: 7, r: 4.4 }] : null]);
}

/**
 * Brings a row of index.html to life. It is there before this module, so that nothing moves when the module comes.
 * @type {(a: Action<Op>, press: Press) => HTMLElement}
 */
function row(a, press) {
  /** @param {string} css */
  const part = css => /** @type {HTMLElement} */ (document.querySelector(`#acts [data-op="${a.op}"]${css}`));
  const many = part(" .many"), why = part(" .why"), explained = part(" .explain");
  part(" .glyph").replaceWith(glyph(a));
  many.setAttribute("aria-label", "send 20: " + a.name);
  why.setAttribute("aria-label", "why: " + a.name);
  why.addEventListener("click", () => {
    explained.hidden = !explained.hidden;
    why.setAttribute("aria-expanded", String(!explained.hidden));
  });
  part(" .send").addEventListener("click", () => press.one(a.op));
  many.addEventListener("click", () => press.twenty(a.op));
  return part("");
}

/**
 * @param {Press} press
 * @param {boolean} shares whether to show who answered
 */
export function createPanel(press, shares) {
  const rows = new Map(ACTIONS.map(a => [a.op, row(a, press)])), field = input("message");
  /** @type {Op} */
  let last = "http-rr";

  /** The line below the field: what Enter does, or why nothing was sent. @param {boolean} refused */
  function hint(refused) {
    const p = $("field-hint");
    if (refused) {
      field.setAttribute("aria-invalid", "true");
      p.setAttribute("role", "alert");
    } else {
      field.removeAttribute("aria-invalid");
      p.removeAttribute("role");
    }
    p.replaceChildren(...(refused ? [el("strong", "refused", mark("bad"), "Type a message first.")] : ["Enter sends by ", el("b", "", actionOf(last).name), "."]));
  }
  function typed() {
    $("count").textContent = `${field.value.length} of ${field.maxLength}`;
    hint(false);
  }
  field.addEventListener("input", typed);
  field.addEventListener("keydown", e => {
    if (e.key === "Enter" && !e.isComposing && !e.repeat) press.one(last);
  });
  typed();
  $("again").addEventListener("click", () => press.one(last));
  $("again20").addEventListener("click", () => press.twenty(last));

  /** @type {(name: string, n: number, css?: string) => HTMLElement} */
  const item = (name, n, css = "") => el("span", css, name + " ", el("b", "", String(n)));
  return {
    text: () => field.value,
    /** Refuses an empty text, beside the field. */
    hasText() {
      const has = field.value.trim() !== "";
      if (!has) {
        hint(true);
        field.focus();
      }
      return has;
    },
    /** @param {Op} op */
    focus: op => rows.get(op)?.querySelector("button")?.focus({ preventScroll: true }),
    /** Says under each button what holds now. @param {State} state */
    explain(state) {
      for (const [op, li] of rows) {
        const p = li.querySelector(".explain"), words = explain(op, state);
        if (p && p.textContent !== words) p.textContent = words;
      }
    },
    /**
     * Shows which button was used last.
     * @param {Op} op
     */
    mark(op) {
      last = op;
      for (const [k, li] of rows) li.classList.toggle("now", k === op);
      $("again-name").textContent = actionOf(op).name;
      hint(false);
    },
    /** @type {(op: Op, s: Score, world: World) => void} */
    score(op, s, world) {
      const li = rows.get(op);
      if (!li) return;
      Object.assign(li.dataset, { sent: s.sent, arrived: s.arrived, missed: s.missed, by: JSON.stringify(s.by) });
      li.querySelector(".score")?.replaceChildren(item("sent", s.sent), item("arrived", s.arrived), item("missed", s.missed, "m" + (s.missed ? " some" : "")));
      if (shares) li.querySelector(".share")?.replaceChildren(build(share(world, s.by)));
    },
  };
}
