import type { Registry } from "../../../src/client/index.ts";
import type { CliOptions, CliResult } from "../../support/cli.node.ts";

/** A namespace of its own on a served Worker, by its client and by the command line. */
export interface Opened {
  url: string;
  /** What the command line gets from its environment. */
  env: Record<string, string>;
  client: Registry;
  rollcall: (argv: readonly string[], options?: CliOptions) => Promise<CliResult>;
}
export type Open = () => Opened;

export const scout = {
  id: "agent/scout",
  name: "scout",
  type: "research",
  capabilities: ["web_search"],
  current_load: 3,
  health_score: 0.9,
  services: [{ service: "llm", circuit_breaker: {} }],
};
