/** Shapes that the page's modules share. Types only: nothing here reaches the browser. */

export type Op = "http-rr" | "http-sticky" | "ws" | "queue" | "mem-rr" | "mem-sticky";
/** What the use cases ask for. */
export type CaseOp = "piece-sticky" | "piece-rr" | "relay" | "canary-sticky" | "canary-rr" | "model-sticky" | "model-rr";

/** A button, or a request of a use case. */
export interface Action<O extends Op | CaseOp = Op | CaseOp> {
  op: O;
  name: string;
  /** How the message leaves. */
  out: "http" | "ws";
  /** How its promised reply comes back. */
  back: "http" | "ws";
  /** Whether the browser may send its cookies along. */
  cookie: boolean;
  /** Whether the worker that gets the message publishes it. */
  bus: boolean;
  /** Where a POST goes; the client id is appended. */
  route: string;
  /** Without it, POST. */
  verb?: "GET";
  /** What a miss is called if it isn't about the socket: in the ledger, before the worker's name, and at the worker, the longest first. */
  miss?: { step: string; words: string[] };
}

export type HopKind = "post" | "answer" | "frame" | "push" | "publish" | "deliver" | "miss";

/** One step of a message between browser, door, worker ("app-3:0") and bus. `to` is null for a miss. */
export interface Hop {
  from: string;
  to: string | null;
  kind: HopKind;
  /** Microseconds since `by` first saw the message; null where that says nothing. */
  at_us: number | null;
  by: string;
}

/** A hop as it is drawn: a drop has no time and no reporter. */
export type DrawnHop = Pick<Hop, "from" | "to"> & { kind: HopKind | "ignore" };

export interface Worker {
  /** "app-3:0", or the pod's name where the server hides its workers. */
  id: string;
  /** Its number; null where the server hides it. */
  n: number | null;
  state: string;
  sockets: number;
  /** Broadcast messages that it received and dropped. */
  ignored: number;
}

export interface Pod {
  name: string;
  /** Its colour and pattern, 1 to 6. */
  slot: number;
  /** `unseen`: workers announce themselves on the bus, and the bus is down. */
  state: "ready" | "starting" | "draining" | "unseen";
  workers: Worker[];
  /** Workers that the server named. */
  size: number;
  /** When its drain ends, in milliseconds of the browser's clock. */
  until: number | null;
  /** What the pod calls its version; null if it doesn't say. */
  version: string | null;
}

export interface Door {
  kind: string;
  affinity: "unknown" | "cookie" | "off";
  issuer: "proxy" | "app";
  /** Whether it lets this page change the demo. */
  control: boolean;
}
export interface Bus { kind: "unknown" | "redis" | "memory"; fanout: "directed" | "broadcast"; state: "ok" | "down" }
export interface World { known: boolean; door: Door; bus: Bus; pods: Pod[] }

/** What the front door of a local demo can be asked for: one of them. */
export interface Change { scale?: number; mode?: string; kill?: string; affinity?: "cookie" | "off" }
/** `mode` is what the demo is changing to; `message` why it refuses. */
export interface Controlled { ok: boolean; message: string; mode?: string }
/** A change under way: the mode that was asked for, and the pod that was killed. */
export interface Pending { mode: string; gone: string | null }
/** `pods` and `mode` are those asked for. */
export interface Progress { mode: string; pods: number; done: boolean; words: string }

/** The page's socket, and what the page says about it. */
export interface SocketState {
  state: "live" | "reconnecting" | "closed";
  /** A connection attempt is under way. */
  opening: boolean;
  /** The worker that holds it. */
  at: string | null;
  words: string;
  /** When the next attempt starts, in milliseconds of the browser's clock. */
  until: number | null;
  /** A live socket was lost just now. */
  lost?: boolean;
}

/** Messages by worker. */
export type Counts = Record<string, number>;
export interface Score { sent: number; arrived: number; missed: number; by: Counts }
export type Scores = Record<Op, Score>;

export type Problem =
  | { kind: "no-socket" | "socket-closed" | "network" }
  | { kind: "no-answer"; seconds: number }
  | { kind: "not-json"; status: number }
  | { kind: "refused"; code?: string; status?: number };

/**
 * What a missed message lacked: a socket of the page, a worker that listens for the session, the page's socket in the worker reached, the bus.
 * `null` is anything that no choice of button changes.
 */
export type Lack = "socket" | "listener" | "place" | "bus" | null;

export interface FrameHalf { hops: Hop[]; speaker: string | null }
export interface HttpHalf extends FrameHalf {
  /** The front door's own report of the hops. */
  door: Hop[];
}

/** One message. Its two halves come in any order: the answer to its POST, and the frame on the socket. */
export interface Message {
  id: string;
  op: Op;
  text: string;
  /** Where it counts. */
  score: Score;
  /** The socket when it mattered. */
  socket: { live: boolean; at: string | null };
  timer: number | null;
  http: HttpHalf | null;
  /** The answer has come, or can't come any more. */
  httpDone: boolean;
  /** Names of the cookies that reached the app; null while no answer has told. */
  cookies: string[] | null;
  /** The affinity of the front door when the message was sent. */
  affinity: Door["affinity"];
  frame: FrameHalf | null;
  outcome: "arrived" | "missed" | null;
  problem: Problem | null;
  finished: boolean;
  /** The worker that got it. */
  reached: string | null;
  whenFinished: Promise<void>;
  tellFinished: () => void;
  whenAnswered: Promise<void>;
  tellAnswered: () => void;
}

/** What the map and its sentences need of a message: one of the six buttons sent it, or a use case, which has a sentence of its own. */
export type Followed = Pick<Message, "id" | "socket" | "http" | "httpDone" | "cookies" | "affinity" | "frame" | "outcome" | "problem" | "finished" | "reached" | "whenFinished">
  & { op: Op | CaseOp; said?: Token[] };

/** One message on the map: `hops` so far, of which `done` are drawn. */
export interface ShownTrace { kind: "trace"; m: Followed; hops: Hop[]; done: number; drops: string[] }

/** Twenty messages on the map. */
export interface ShownBurst {
  kind: "burst";
  op: Op | CaseOp;
  /** The sentence of a use case. */
  said?: Token[];
  n: number;
  reached: Counts;
  /** Messages that missed at a worker without the page's socket. */
  missed: Counts;
  /** Messages that a worker could not publish. */
  unpublished: Counts;
  /** Messages that were published, and that no worker listened for. */
  unheard: Counts;
  /** Messages that missed because the page had no socket. */
  socketless: number;
  arrived: number;
  /** Messages whose answer named cookies, and messages whose answer named none. */
  cookies: { some: number; none: number };
  affinity: Door["affinity"];
  drops: string[];
  done: boolean;
  backOnSocket: boolean;
  /** The server names its pods. */
  named: boolean;
  socketAt: string | null;
}

export type Shown = { kind: "idle" } | ShownTrace | ShownBurst;

/** What of the map is in sight, in CSS pixels; `tall` on phones. */
export interface View {
  w: number;
  h: number;
  tall: boolean;
  /** All pods have rows, also those that would be folded. */
  open?: boolean;
  /** How far down the open map is scrolled. */
  top?: number;
  /** Measures words in a CSS class of the map; without it, they are estimated. */
  width?: (css: string, words: string) => number;
}

/** All that the page shows. */
export interface State {
  expose: string;
  now: number;
  world: World;
  busAway: boolean;
  /** The pod to which the cookie leads, as far as answers show; null where they don't. */
  cookieTo: string | null;
  relay: "on" | "off";
  shown: Shown;
  view: View;
  session: { id6: string; pageBy: string };
  socket: SocketState;
  /** The worker that held the last open socket. */
  was: string | null;
  /** Whether the last question over HTTP was answered by the app; null if none was asked since the socket was open. */
  http: boolean | null;
}

/** A worker that gets a box of its own, or several that share one (`rest`). */
export interface FoldedWorker {
  id: string | null;
  n: number | null;
  state: string;
  rest: string[] | null;
  /** `rest` is all workers of the pod. */
  all?: boolean;
}
export type FoldedPod = Omit<Pod, "workers"> & {
  workers: FoldedWorker[];
  /** Pods that this box stands for; 0 if it is a pod's own. */
  fold: number;
};
export type Style = "columns" | "boxes" | "rows";
export interface Folded {
  style: Style;
  pods: FoldedPod[];
  /** Pods that have no row of their own unless the map is open. */
  hidden: number;
}

/** A point in the map's own axes, see geometry.js. */
export type Point = [m: number, c: number];
export interface Box { m1: number; m2: number; c1: number; c2: number }
export type WorkerBox = FoldedWorker & Box & {
  lane: number;
  /** Its words stand on one line; in columns, it is one of several in its pod. */
  tight: boolean;
  /** Its dot in a pod's row. */
  dot?: Point;
};
export type PodBox = Omit<FoldedPod, "workers"> & Box & {
  workers: WorkerBox[];
  lane: number;
  /** Whether a lane for each worker leaves the pod's own. */
  split: boolean;
};
export interface Geometry {
  style: Style;
  /** m runs downwards. */
  tall: boolean;
  /** Too narrow for words of usual length. */
  narrow: boolean;
  W: number;
  H: number;
  /** The lane of the browser. */
  c0: number;
  /** Scale of what runs in a lane, .45 to 1. */
  unit: number;
  /** Scale of the turns inside the front door and the bus. */
  turn: number;
  browser: Box;
  door: Box;
  bus: Box;
  pods: PodBox[];
  podsAt: { m1: number; m2: number };
  /** Where an open map is folded again. */
  shut: Box | null;
}
/** With the number of pods that have no row of their own unless the map is open. */
export type Layout = Geometry & { hidden: number };
export type Lane = "out" | "back" | "ws";

/** A sentence: plain strings, identities and outcomes. */
export type Token = string | { id: string; end?: undefined } | { end: string; miss?: boolean; id?: undefined };

/** Why a message missed, and the button that arrives instead. */
export interface Because { reason: string; op: Op | null; words: string; many: boolean }

/** A line of the ledger. */
export interface Step { text: string; bold: string; ms?: string | null; clock?: string | null }

/** What a server sends in a frame or an answer; every field may be missing or of another type. */
export interface Wire {
  text?: unknown;
  at?: unknown;
  websocket_pid?: unknown;
  relay?: unknown;
  topology?: WireTopology;
  error?: { code?: unknown; message?: unknown } | null;
  trace?: { id?: string; hops?: unknown } | null;
  delivered?: number;
  receivers?: number;
  cookies?: unknown;
  idempotency_key?: string;
  /** In a frame, a piece that was relayed. */
  download?: { piece?: unknown } | null;
}
export interface WireTopology { door?: Record<string, unknown>; bus?: Record<string, unknown>; pods?: unknown }
