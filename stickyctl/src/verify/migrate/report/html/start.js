// Reads the report and draws it for the width that there is.
/** @import { Migration } from "./migration.d.ts" */
import { el } from "../../../../../../app/src/page/tree.js";
import { Pods } from "../../../report/html/pods.js";
import { TITLES, checkPanel, cookiePanel, findingPanel, runPanel, top, waysPanel } from "./parts.js";

/** @type {Migration} */
const report = JSON.parse(document.getElementById("data")?.textContent ?? "");
const pods = new Pods(report.pods.map(one => ({ pod: one.pod, controls: one.old + one.new, sessions: 0 })));
/** @type {Record<Migration["verdict"], string>} */
const CLASSES = { "seamless": "yes", "not-seamless": "no", "inconclusive": "maybe" };

/** @param {boolean} paper whether for print */
function draw(paper) {
  const slim = !paper && innerWidth <= 720, around = slim ? 28 + 26 : 48 + 42;
  // On paper as wide as a sheet between its margins.
  const width = paper ? 660 : Math.max(240, Math.min(1128, document.documentElement.clientWidth) - around);
  pods.paper = paper;
  const parts = [...top(report), waysPanel(report, pods, width), cookiePanel(report), checkPanel(report), findingPanel(report), runPanel(report)];
  document.getElementById("report")?.replaceChildren(el("div", CLASSES[report.verdict], ...parts));
}

document.title = `${TITLES[report.verdict]}: ${report.host}, from ${report.from.url} to ${report.to.url}`;
draw(false);
let drawnFor = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === drawnFor) return;
  drawnFor = innerWidth;
  draw(false);
});
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw(false));
