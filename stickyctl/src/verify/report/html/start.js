// Reads the report and draws it for the width that there is.
/** @import { Report } from "./report.d.ts" */
import { el } from "../../../../../app/src/page/tree.js";
import { disruptionSection } from "./disruptions.js";
import { heading, verdictTitle } from "./heading.js";
import { bySymptom, lostAsPods } from "./lost.js";
import { Pods } from "./pods.js";
import { baselineSection, boundSection, mapSection, moreSection, moveSection, pairSection, runSection, scenarioSection } from "./sections.js";

/** @type {Report} */
const report = JSON.parse(document.getElementById("data")?.textContent ?? "");
const pods = new Pods(bySymptom(report) ? lostAsPods(report).pods : report.pods);
/** @type {Partial<Record<Report["verdict"], string>>} */
const CLASSES = { "sticky": "yes", "not-sticky": "no" };

/** @param {boolean} paper whether for print */
function draw(paper) {
  const slim = !paper && innerWidth <= 720, around = slim ? 28 + 26 : 48 + 42;
  // On paper as wide as a sheet between its margins.
  const width = paper ? 660 : Math.max(240, Math.min(1128, document.documentElement.clientWidth) - around);
  // Two columns in a panel, and two panels side by side.
  const column = slim ? width : (width - 40) / 2, half = slim ? width : (width + 42 - 16) / 2 - 42;
  pods.paper = paper;
  const root = el("div", CLASSES[report.verdict] ?? "maybe", ...heading(report), mapSection(report, pods, width), boundSection(report, column),
    pairSection(report, pods, half), moveSection(report, pods, width), disruptionSection(report), moreSection(report), baselineSection(report), scenarioSection(report), runSection(report));
  document.getElementById("report")?.replaceChildren(root);
}

document.title = `${verdictTitle(report)}: ${report.url}`;
draw(false);
let drawnFor = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === drawnFor) return;
  drawnFor = innerWidth;
  draw(false);
});
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw(false));
