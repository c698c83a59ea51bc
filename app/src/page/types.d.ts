/** Shapes that the page's modules share. Types only: nothing here reaches the browser. */

export type Op = "http-rr" | "http-sticky" | "ws" | "queue" | "mem-rr" | "mem-sticky";

/** A button. */
export interface Action {
  op: Op;
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

/** One message on the map: `hops` so far, of which `done` are drawn. */
export interface ShownTrace { kind: "trace"; m: Message; hops: Hop[]; done: number; drops: string[] }

/** Twenty messages on the map. */
export interface ShownBurst {
  kind: "burst";
  op: Op;
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

/** Size of the map in CSS pixels; `tall` is the layout for phones. */
export interface View { w: number; h: number; tall: boolean }

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
export type FoldedPod = Omit<Pod, "workers"> & { workers: FoldedWorker[] };

/** A point in the map's own axes, see geometry.js. */
export type Point = [m: number, c: number];
export interface Box { m1: number; m2: number; c1: number; c2: number }
export type WorkerBox = FoldedWorker & Box & { lane: number; tight: boolean };
export type PodBox = Omit<FoldedPod, "workers"> & Box & { workers: WorkerBox[]; lane: number };
export interface Geometry {
  tall: boolean;
  W: number;
  H: number;
  /** The lane of the browser. */
  c0: number;
  /** Scale of what runs in a lane, .5 to 1. */
  unit: number;
  browser: Box;
  door: Box;
  bus: Box;
  pods: PodBox[];
  podsAt: { m1: number; m2: number };
}
/** With the number of pods that have no box. */
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
}
export interface WireTopology { door?: Record<string, unknown>; bus?: Record<string, unknown>; pods?: unknown }
