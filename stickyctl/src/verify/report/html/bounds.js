/* How many moved, and between what rates the truth lies. */
const percent = rate => (rate * 100 < 1 ? (rate * 100).toFixed(2) : rate * 100 > 99.95 ? "100" : (rate * 100).toFixed(1)) + " %";

function inWords({ seen, of, least, most }, what) {
  if (!of) return [h("b", "", `No ${what} to judge`)];
  const range = seen === 0 ? `at most ${percent(most)} do` : seen === of ? `at least ${percent(least)} do` : `between ${percent(least)} and ${percent(most)} do`;
  return [h("b", "", `${seen.toLocaleString("en")} of ${count(of, what)} moved`), h("br"), `${range}, at 95 %`];
}

function interval({ seen, of, least, most }, width) {
  if (!of) return null;
  const x = rate => 2 + (width - 4) * rate, bad = seen ? " bad" : "", marks = width < 320 ? [0, .5, 1] : [0, .25, .5, .75, 1];
  return figure(width, 44, `between ${percent(least)} and ${percent(most)}`, [
    ["path", { class: "axis", d: `M2 14.5H${width - 2}` }],
    ...marks.flatMap(rate => [["path", { class: "axis", d: `M${px(x(rate))} 14v5` }],
      ["text", { x: px(x(rate)), y: 36, class: "m", "text-anchor": rate === 0 ? "start" : rate === 1 ? "end" : "middle" }, `${rate * 100} %`]]),
    ["path", { class: "range" + bad, d: `M${px(x(least))} 14H${px(Math.max(x(most), x(least) + 3))}` }],
    ["circle", { class: "dot" + bad, cx: px(Math.max(6, Math.min(width - 6, x(seen / of)))), cy: 14, r: 5 }],
  ]);
}

/** What the numbers mean, by what was found. */
function meaning(report) {
  const { seen, of, most } = report.moved_requests;
  const forced = report.forced_moves ? `${count(report.forced_moves, "forced move")} ${report.forced_moves === 1 ? "is" : "are"} not counted: the pod was gone or not ready. ` : "";
  if (!of) return "No session had a later answer that names its pod.";
  if (seen) {
    return `${forced}A request counts as moved when its pod is not the one that bound its session. `
      + `Counted from one request to the next there were ${count(report.changes, "change")}.`;
  }
  if (report.verdict === "sticky") {
    return `${forced}The odds that chance alone kept every session in place, from the controls' shares, are below 1 in a million. `
      + `A leak of ${percent(most)} of requests or more would have shown in this run 19 times in 20.`;
  }
  if (report.verdict === "not-sticky") return `${forced}Requests stay, and what speaks against affinity is not among them.`;
  if (report.pods.length < 2) return "With one pod these bounds hold for any site, sticky or not. They are shown so that nobody takes them for a finding.";
  return `${forced}Where the verdict is open, these bounds are no finding.`;
}
