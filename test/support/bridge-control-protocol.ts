/** What the bridge and those who drive it say to each other. */

export const KINDS = [
  "none",
  "status",
  "stall",
  "cut",
  "cut-reply",
  "garbage",
  "command-error",
  "noscript",
] as const;

/** What `PUT /control/:token` takes. */
export interface Fault {
  kind: (typeof KINDS)[number];
  /** HTTP status of kind `status`; 500 unless told */
  status?: number;
  /** what kind `command-error` answers with; WRONGTYPE unless told */
  message?: string;
  /** requests let through unharmed first; 0 unless told */
  after?: number;
  /** requests harmed before all is well again; for ever unless told */
  times?: number;
}

/** What `PUT /control/:token/clock` takes: what TIME answers from then on. */
export interface SetClock {
  /** ms since the Unix epoch */
  now: number;
}

/** What `PUT /control/:token/copy` takes: from then on the tenant's reads are answered by a copy. */
export interface SetCopy {
  /** Whether the copy is told of nothing that is written from now on, or of everything. */
  isBehind: boolean;
}

/** What `PUT /control/:token/scripts` takes: from then on the commands that scripts run on such keys are noted down. */
export interface WatchScripts {
  prefix: string;
}

/** What `GET /control/:token` answers. */
export interface Counters {
  /** HTTP requests that carried the token, the harmed ones too */
  requests: number;
  /** commands inside them */
  commands: number;
  /** `NAME key` of the newest 1,000 commands, oldest first */
  log: string[];
}

declare module "vitest" {
  export interface ProvidedContext {
    bridgeUrl: string;
    /** of a Redis of its own, for the one test file that fills it */
    fullBridgeUrl: string;
  }
}
