// Which pods and workers get a box of their own. What has no room of its own shares one box that says how many it stands for. Pure.
import { podOf } from "./ids.js";

const WIDE = { pods: 12, lanes: 24, perPod: 8 };
const TALL = { pod: 36, frame: 12, lane: 26, margin: 15 };

function room(view, n) {
  if (!view.tall) return { pods: WIDE.pods, perPod: Math.max(2, Math.min(WIDE.perPod, Math.floor(WIDE.lanes / Math.min(n, WIDE.pods)))) };
  const across = view.w - TALL.margin, pods = Math.max(1, Math.floor(across / TALL.pod));
  return { pods, perPod: Math.max(1, Math.min(WIDE.perPod, Math.floor((across / Math.min(n, pods) - TALL.frame) / TALL.lane))) };
}

// The one worth keeping in sight comes in place of the last that fits.
function pick(list, n, keep) {
  const first = list.slice(0, n), i = list.findIndex(keep);
  return i < n || !n ? first : [...first.slice(0, n - 1), list[i]];
}

function foldWorkers(workers, cap, held) {
  if (workers.length <= cap) return workers.map(w => ({ ...w, rest: null }));
  const own = pick(workers, cap - 1, w => w.id === held), rest = workers.filter(w => !own.includes(w));
  return [...own.map(w => ({ ...w, rest: null })), { id: null, n: null, state: "ready", rest: rest.map(w => w.id), all: !own.length }];
}

export function fold(view, pods, held) {
  if (!pods.length) return { pods: [], hidden: 0 };
  const cap = room(view, pods.length);
  const shown = pick(pods, cap.pods, p => held && p.name === podOf(held));
  return { pods: shown.map(p => ({ ...p, workers: foldWorkers(p.workers, cap.perPod, held) })), hidden: pods.length - shown.length };
}
