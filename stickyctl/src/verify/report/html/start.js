/* Reads the report and draws it for the width that there is. */
const report = JSON.parse(document.getElementById("data").textContent), podsOf = new Pods(report.pods);

function draw(paper) {
  const slim = !paper && innerWidth <= 720, around = slim ? 28 + 26 : 48 + 42;
  // As wide as a sheet between its margins, where it is printed.
  const width = paper ? 660 : Math.max(240, Math.min(1128, document.documentElement.clientWidth) - around);
  // Two columns in a panel, and two panels side by side.
  const column = slim ? width : (width - 40) / 2, half = slim ? width : (width + 42 - 16) / 2 - 42;
  podsOf.paper = paper;
  const root = h("div", CLASSES[report.verdict] || "maybe", ...heading(report), mapSection(report, podsOf, width), boundSection(report, column),
    pairSection(report, podsOf, half), h("section", "", h("h2", "", "When sessions moved"), ...timeline(report, podsOf, width), eventList(report, podsOf)),
    moreSection(report), baselineSection(report), scenarioSection(report), runSection(report));
  document.getElementById("report").replaceChildren(root);
}

document.title = `${WORDS[report.verdict]}: ${report.url}`;
draw(false);
let drawnFor = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === drawnFor) return;
  drawnFor = innerWidth;
  draw(false);
});
addEventListener("beforeprint", () => draw(true));
addEventListener("afterprint", () => draw(false));
