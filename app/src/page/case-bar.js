// A session as a bar of its answers: unbroken where it stays on a pod, a gap with a tick where it changes pod. Pure.
/** @import { Shape } from "./tree.js" */
const BAR_HIGH = 16, BAR_APART = 2, BAR_LETTER = 7.3, BAR_TOP = 2;

/**
 * @typedef {{ pod: string | null, version: string | null }} Stay one answer
 * @typedef {Stay & { from: number, to: number }} Run answers in a row from one pod, of one version; `to` is exclusive
 */

/**
 * @template {Stay} T
 * @param {T[]} stays
 * @param {(a: T, b: T) => boolean} same
 * @returns {Run[]}
 */
export function runsOf(stays, same) {
  /** @type {Run[]} */
  const out = [];
  stays.forEach((stay, i) => {
    if (i && same(stays[i - 1], stay)) out[out.length - 1].to = i + 1;
    else out.push({ pod: stay.pod, version: stay.version, from: i, to: i + 1 });
  });
  return out;
}

/**
 * The bar, and below it the versions if all of them have room.
 * @type {(stays: Stay[], of: number, width: number, slotOf: (pod: string | null) => number | null) => Shape}
 */
export function bar(stays, of, width, slotOf) {
  const step = width / of;
  /** @type {Shape[]} */
  const out = [["rect", { class: "case-empty", x: .5, y: BAR_TOP + .5, width: (width - 1).toFixed(1), height: BAR_HIGH - 1, rx: 2 }]];
  const pods = runsOf(stays, (a, b) => a.pod === b.pod && a.version === b.version);
  pods.forEach((run, i) => {
    const x = run.from * step + (i ? BAR_APART : 0), to = run.to * step - (run.to < of ? BAR_APART : 0), slot = slotOf(run.pod);
    out.push(["rect", { class: slot ? undefined : "case-plain", fill: slot ? `url(#pt-${slot})` : undefined, x: x.toFixed(1), y: BAR_TOP, width: Math.max(1, to - x).toFixed(1), height: BAR_HIGH, rx: 2, "data-run": run.pod ?? "" },
      ["title", {}, `${run.pod ?? "a pod"}, ${run.version ?? "no version"}: ${run.to - run.from}`]]);
    if (!i) return;
    const moved = run.version !== pods[i - 1].version;
    out.push(["path", { class: moved ? "case-tick moved" : "case-tick", d: `M${(run.from * step).toFixed(1)} ${moved ? 0 : BAR_TOP}V${BAR_TOP + BAR_HIGH + (moved ? 2 : 0)}` }]);
  });
  const versions = runsOf(stays, (a, b) => a.version === b.version).map(run => ({ x: run.from * step, name: run.version ?? "", room: Math.floor(((run.to - run.from) * step - 4) / BAR_LETTER) }));
  if (versions.every(({ name, room }) => name.length <= room)) {
    for (const { x, name } of versions) out.push(["text", { class: "case-m", x: (x + (x ? BAR_APART : 0)).toFixed(1), y: BAR_TOP + BAR_HIGH + 15 }, name]);
  }
  const label = pods.map(run => `${run.pod ?? "a pod"}${run.version ? " " + run.version : ""}: ${run.to - run.from}`).join(", ") || "no answers yet";
  return ["svg", { class: "case-fig", role: "img", "aria-label": label, viewBox: `0 0 ${width} ${BAR_TOP + BAR_HIGH + 19}`, height: BAR_TOP + BAR_HIGH + 19 }, ...out];
}

/**
 * The versions met, each with the pods that gave it, in the order of their names.
 * @param {Stay[]} stays
 * @returns {{ version: string, pods: string[] }[]}
 */
export function versionsOf(stays) {
  /** @type {Map<string, Set<string>>} */
  const all = new Map();
  for (const { pod, version } of stays) {
    if (version === null) continue;
    const pods = all.get(version) ?? new Set();
    if (pod) pods.add(pod);
    all.set(version, pods);
  }
  const byName = (/** @type {string} */ a, /** @type {string} */ b) => a.localeCompare(b, "en", { numeric: true });
  return [...all].map(([version, pods]) => ({ version, pods: [...pods].sort(byName) })).sort((a, b) => byName(a.version, b.version));
}
