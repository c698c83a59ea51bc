/** The report that the page draws, as far as the page reads it. docs/migration.schema.json describes all of it. */

export type Door = "old" | "new";
export type Outcome = "pass" | "fail" | "skip";

export interface Visit {
  door: Door;
  at_ms: number;
  /** Missing where the answer named none. */
  pod?: string;
  status?: number;
  /** Why there is no answer. */
  lost?: string;
  /** Whether another pod answered than before. */
  moved: boolean;
}
export interface Walk { id: string; requests: Visit[] }
export interface Foreign { requests: number; same_pod: number; elsewhere: number; replaced: number; added: number; errors: number }
export interface Side { url: string; verdict: string; cookies: string[]; foreign: Foreign }
export interface Count { seen: number; of: number; least: number; most: number }
export interface Advice { cause: string; attempt: string; evident: boolean }
export interface Finding { code: string; title: string; detail: string; causes: Advice[] }
export interface Check { name: string; asks: string; outcome: Outcome; detail: string }

export interface Migration {
  stickyctl: string;
  host: string;
  from: Side;
  to: Side;
  command: string;
  /** RFC 3339, in UTC. */
  began: string;
  took_ms: number;
  seed: number;
  verdict: "seamless" | "not-seamless" | "inconclusive";
  exit_code: number;
  summary: { lead: string; because: string[]; todo: string[] };
  plan: { movers: number; newcomers: number; controls: number; probes: number; sockets: number };
  sent: { probes: number; sockets: number };
  identity: string;
  findings: Finding[];
  checks: Check[];
  cut_over: Count;
  pods: { pod: string; old: number; new: number }[];
  sessions: Walk[];
}
