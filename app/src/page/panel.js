// The six buttons and their scores.
/** @import { Action, Op, Score, World } from "./types.d.ts" */
import { ACTIONS, actionOf } from "./actions.js";
import { $, button, input } from "./dom.js";
import { share } from "./share.js";
import { build, el } from "./tree.js";

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
 * Keeps "non-sticky" and "in-memory" from breaking across lines.
 * @param {string} name
 */
const unbroken = name => name.split(" ").flatMap((word, i) => [i ? " " : "", word.includes("-") ? el("span", "nb", word) : word]);

/** @type {(a: Action<Op>, i: number, press: Press) => HTMLElement} */
function row(a, i, press) {
  const li = el("li", "act"), explain = el("p", "explain", a.why);
  const send = button("send", glyph(a), el("span", "", ...unbroken(a.name))), many = button("many", "send 20"), why = button("why", "why");
  li.dataset.op = a.op;
  explain.id = "why" + i;
  explain.hidden = true;
  many.setAttribute("aria-label", "send 20: " + a.name);
  why.setAttribute("aria-label", "why: " + a.name);
  why.setAttribute("aria-expanded", "false");
  why.setAttribute("aria-controls", explain.id);
  why.addEventListener("click", () => {
    explain.hidden = !explain.hidden;
    why.setAttribute("aria-expanded", String(!explain.hidden));
  });
  send.addEventListener("click", () => press.one(a.op));
  many.addEventListener("click", () => press.twenty(a.op));
  li.append(send, el("div", "share"), many, el("div", "score"), why, explain);
  return li;
}

/**
 * @param {Press} press
 * @param {boolean} shares whether to show who answered
 */
export function createPanel(press, shares) {
  const rows = new Map(ACTIONS.map((a, i) => [a.op, row(a, i, press)])), field = input("message");
  /** @type {Op} */
  let last = "mem-rr";
  $("acts").append(...rows.values());
  const typed = () => { $("count").textContent = `${field.value.length} of ${field.maxLength}`; };
  field.addEventListener("input", typed);
  typed();
  $("again").addEventListener("click", () => press.one(last));
  $("again20").addEventListener("click", () => press.twenty(last));

  /** @type {(name: string, n: number, css?: string) => HTMLElement} */
  const item = (name, n, css = "") => el("span", css, name + " ", el("b", "", String(n)));
  return {
    text: () => field.value,
    /**
     * Shows which button was used last.
     * @param {Op} op
     */
    mark(op) {
      last = op;
      for (const [k, li] of rows) li.classList.toggle("now", k === op);
      $("again-name").textContent = actionOf(op).name;
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
