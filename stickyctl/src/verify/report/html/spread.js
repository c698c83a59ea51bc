/* Where requests without a cookie went, and where sessions began. */
const MOST_PODS = 24, ROW = 26;

/** The pods with most answers, in their own order, and how many are left out. */
function busiest(pods) {
  if (pods.length <= MOST_PODS) return pods;
  const chosen = new Set([...pods].sort((a, b) => b.controls + b.sessions - a.controls - a.sessions).slice(0, MOST_PODS));
  return pods.filter(pod => chosen.has(pod));
}

function spread(report, pods, width) {
  const shown = busiest(report.pods), labels = pods.labels(shown.map(pod => pod.pod), width), top = 22;
  const left = labels.wide, wide = (width - left - 20) / 2 - 30, second = left + wide + 46;
  const most = Math.max(1, ...shown.map(pod => Math.max(pod.controls, pod.sessions)));
  const bound = report.pods.reduce((all, pod) => all + pod.sessions, 0), controls = report.pods.reduce((all, pod) => all + pod.controls, 0);
  const out = [["text", { x: px(left), y: 12 }, count(controls, "control")],
    ["text", { x: px(second), y: 12 }, count(bound, "session") + (width < 430 ? "" : ", first answer")]];
  shown.forEach((pod, place) => {
    const y = top + place * ROW;
    out.push(["text", { x: 0, y: y + 13, class: "m b" }, labels.of(pod.pod), ["title", {}, pod.pod]]);
    for (const [number, x] of [[pod.controls, left], [pod.sessions, second]]) {
      const long = Math.max(1, wide * number / most);
      const box = { x: px(x), y: y + 1, width: px(long), height: 15, rx: 2 };
      out.push(number ? pods.bar(box, "share", pod.pod) : ["rect", { ...box, fill: "var(--edge)" }],
        ["text", { x: px(x + long + 7), y: y + 13, class: "m b" }, number.toLocaleString("en")]);
    }
  });
  const label = shown.map(pod => `${pod.pod}: ${pod.controls} controls, ${pod.sessions} sessions`).join("; ");
  return figure(width, top + shown.length * ROW, label, out);
}

/** What the pods that are not drawn have together. */
function others(report) {
  const shown = new Set(busiest(report.pods)), rest = report.pods.filter(pod => !shown.has(pod));
  const sum = key => rest.reduce((all, pod) => all + pod[key], 0);
  return rest.length ? `${count(rest.length, "pod")} more, with ${count(sum("controls"), "control")} and ${count(sum("sessions"), "session")} together.` : null;
}
