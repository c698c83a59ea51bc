/* How long the answers of each pod took, on a scale of factors. */
function latency(report, pods, width) {
  const timed = busiest(report.pods).filter(pod => pod.latency), labels = pods.labels(timed.map(pod => pod.pod), width);
  if (!timed.length) return null;
  const left = labels.wide, right = 70, least = value => Math.max(value, .01);
  const low = Math.min(...timed.map(pod => least(pod.latency.least_ms))), high = Math.max(...timed.map(pod => least(pod.latency.p99_ms)));
  const [from, to] = [low / 1.15, Math.max(high * 1.1, low * 4)];
  const x = value => left + (width - left - right) * Math.log(least(value) / from) / Math.log(to / from), top = 6, base = top + timed.length * ROW + 2;
  const out = [];
  let free = -Infinity;
  for (const value of powers(from, to)) {
    if (x(value) - 14 < free) continue;
    free = x(value) + 22;
    out.push(["path", { class: "grid", d: `M${px(x(value))} ${top}V${base}` }],
      ["text", { x: px(x(value)), y: base + 16, "text-anchor": "middle", class: "m" }, value.toLocaleString("en", { maximumFractionDigits: 2 })]);
  }
  timed.forEach(({ pod, latency: took }, place) => {
    const y = top + place * ROW + 12, css = "s" + pods.colour(pod), line = (a, b) => `M${px(x(a))} ${y}H${px(Math.max(x(b), x(a) + 1))}`;
    out.push(["text", { x: 0, y: y + 4, class: "m b" }, labels.of(pod), ["title", {}, pod]],
      ["path", { class: `range thin ${css}`, d: line(took.least_ms, took.p99_ms) }], ["path", { class: `range ${css}`, d: line(took.p5_ms, took.p95_ms) }],
      ["circle", { class: "dot", cx: px(x(took.p50_ms)), cy: y, r: 5 }],
      ["text", { x: width, y: y + 4, class: "m b", "text-anchor": "end" }, inMilliseconds(took.p50_ms)]);
  });
  return figure(width, base + 22, timed.map(({ pod, latency: took }) => `${pod}: ${inMilliseconds(took.p50_ms)} in the middle`).join("; "), out);
}

const inMilliseconds = ms => (ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString("en")) + " ms";

/** 1, 2 and 5 times powers of ten within a range. */
function powers(from, to) {
  const out = [];
  for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10) out.push(power, 2 * power, 5 * power);
  return out.filter(value => value >= from && value <= to);
}
