/** The report that the page draws, as far as the page reads it. docs/verify.schema.json describes all of it. */

export type Verdict = "sticky" | "not-sticky" | "inconclusive" | "not-judged";
export type Outcome = "pass" | "fail" | "skip";

export interface Request {
  /** 0 is the first answer, which binds the session. */
  round: number;
  at_ms: number;
  /** Missing where the answer named none. */
  pod?: string;
  status?: number;
  /** Why there is no answer. */
  lost?: string;
  /** Whether the answer shows that the session was lost; missing where it shows nothing. */
  session_lost?: boolean;
  /** Set where the pod isn't the session's. */
  moved?: "forced" | "collateral" | "unknown";
}
export interface Session { id: string; requests: Request[] }

/** Requests or sessions that moved, and the bounds of the true rate at 95% confidence. */
export interface Count { seen: number; of: number; least: number; most: number }

export interface Pod {
  pod: string;
  controls: number;
  sessions: number;
  latency?: Latency | null;
}
export interface Latency { least_ms: number; p5_ms: number; p50_ms: number; p95_ms: number; p99_ms: number }

export interface Cookie {
  name: string;
  attributes: string;
  fate: string;
  lives_s?: number | null;
  offered: number;
  sent: number;
  /** Missing where values are redacted. */
  values?: string[];
}
export interface Event { at_ms: number; text: string }
export interface Reason { code: string; title: string; detail: string }
export interface Scenario { name: string; asks: string; outcome: Outcome; detail: string }

/** What reading logs led to. */
export interface Logs {
  read: string[];
  unidentified: number;
  unidentified_sockets: number;
  without_pod: number;
  retries: number;
  waited_ms: number;
  troubles?: string[];
}

/** Failed requests of a group of clients. */
export interface Window { failed: number; of: number; first_after_ms?: number | null; last_after_ms?: number | null }
export interface Found { code: string; title: string; outcome: Outcome; detail: string }

/** A change of the pods while sessions kept sending requests. */
export interface Disruption {
  kind: string;
  what: string;
  promise: string;
  outcome: Outcome;
  detail: string;
  settled_after_ms: number;
  moved: { of: number; sessions: number; forced: number; collateral: number; unknown: number; twice: number };
  /** Missing where nothing is promised. */
  expected?: { share: number; least: number; most: number } | null;
  errors: { bound_to_lost_pods: Window; bound_to_others: Window; unbound: Window };
  terminating: { pod: string; kept_for_ms?: number | null; new: number }[];
  sockets: { held: number; back: number; elsewhere: number; lost: number };
  spread: { pod: string; sessions: number; controls: number }[];
  reasons: Found[];
}
export interface Proxies { names: string[]; outcome: Outcome; detail: string; reason?: Found | null }

export interface Report {
  /** Missing in reports of earlier versions. */
  disruptions?: Disruption[];
  proxies?: Proxies | null;
  stickyctl: string;
  url: string;
  command: string;
  /** RFC 3339, in UTC. */
  began: string;
  took_ms: number;
  seed: number;
  verdict: Verdict;
  workers: Verdict;
  exit_code: number;
  summary: { lead: string; because: string[]; todo: string[] };
  plan: { sessions: number; requests: number; controls: number; probes: number; sockets: number; paths?: string[] };
  sent: { probes: number; sockets: number };
  identity: { pod: string; worker: string; named: number; of: number; logs?: Logs; candidates: { where: string; values: number; answers: number }[] };
  reasons: Reason[];
  scenarios: Scenario[];
  moved_requests: Count;
  moved_sessions: Count;
  /** What was found with `--lost-when`. */
  lost_when?: { symptoms: string[]; requests: Count; sessions: Count; without: { cookies: string[]; lost: number; of: number }[] };
  forced_moves: number;
  changes: number;
  pods: Pod[];
  cookies: Cookie[];
  /** Answers without an identity, by status. */
  nameless: Record<string, number>;
  lost: number;
  cached: number;
  sessions: Session[];
  controls: Request[];
  /** Sockets by why they ended. */
  socket_ends: Record<string, number>;
  events: Event[];
  baseline?: { file: string; began: string; changed: string[]; weak: string[] } | null;
}

/** A run of consecutive requests of a session with one pod, or without a named one. */
export interface Run {
  pod?: string;
  from: number;
  to: number;
  request: Request;
  /** The pod is not the last one named before it. */
  change: boolean;
}
/** A session as a row of the map. */
export interface Row {
  id: string;
  /** The pod of its first answer. */
  home?: string;
  moved: number;
  forced: number;
  runs: Run[];
}

/** A rectangle in a figure; x and width may have been rounded to text. */
export interface Box { x: number | string; y: number; width: number | string; height: number; rx?: number }
