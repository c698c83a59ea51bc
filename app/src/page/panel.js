// The six buttons and their scores.
import { ACTIONS, actionOf } from "./actions.js";
import { $, build, button, el } from "./dom.js";
import { share } from "./share.js";

function glyph(a) {
  const end = a.bus ? 30 : 35, stroke = way => (way === "ws" ? "g-ws" : "g-http");
  return build(["svg", { class: "glyph", viewBox: "0 0 40 26", "aria-hidden": "true" },
    ["path", { class: stroke(a.out), d: `M1 7H${end - 4}` }], ["path", { class: "g-head", d: `M${end + 2} 7l-7 -5v10z` }],
    ["path", { class: stroke(a.back), d: `M${end + 2} 19H8` }], ["path", { class: "g-head", d: "M1 19l7 -5v10z" }],
    a.bus ? ["rect", { class: "g-bus", x: 31, y: 3, width: 8, height: 20, rx: 2 }] : null,
    a.cookie ? ["circle", { class: "g-cookie", cx: 11, cy: 7, r: 4.4 }] : null]);
}

// "non-sticky" and "in-memory" don't break across lines.
const unbroken = name => name.split(" ").flatMap((word, i) => [i ? " " : "", word.includes("-") ? el("span", "nb", word) : word]);

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

export function createPanel(press, shares) {
  const rows = Object.fromEntries(ACTIONS.map((a, i) => [a.op, row(a, i, press)])), field = $("message");
  let last = "mem-rr";
  $("acts").append(...Object.values(rows));
  const typed = () => { $("count").textContent = `${field.value.length} of ${field.maxLength}`; };
  field.addEventListener("input", typed);
  typed();
  $("again").addEventListener("click", () => press.one(last));
  $("again20").addEventListener("click", () => press.twenty(last));

  const item = (name, n, cls) => el("span", cls, name + " ", el("b", "", String(n)));
  return {
    text: () => field.value,
    mark(op) {
      last = op;
      for (const k in rows) rows[k].classList.toggle("now", k === op);
      $("again-name").textContent = actionOf(op).name;
    },
    score(op, s, world) {
      const li = rows[op];
      Object.assign(li.dataset, { sent: s.sent, arrived: s.arrived, missed: s.missed, by: JSON.stringify(s.by) });
      li.querySelector(".score").replaceChildren(item("sent", s.sent, ""), item("arrived", s.arrived, ""), item("missed", s.missed, "m" + (s.missed ? " some" : "")));
      if (shares) li.querySelector(".share").replaceChildren(build(share(world, s.by)));
    },
  };
}
