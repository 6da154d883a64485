import { agentNotFound } from "../../core/agents/kind.ts";
import { isLive, type LiveEntry } from "../../core/entry.ts";
import type { Problem } from "../../core/problem.ts";
import type { Namespace } from "../namespace.ts";
import { readable } from "../read.ts";

export interface FoundAgent {
  entry: LiveEntry;
  /** Names what the document says, where the store knows that without hashing it. */
  documentDigest: string | undefined;
}

/**
 * @returns the live agent, or the Problem `agent_not_found`
 * @throws {Problem} `internal` for a document that cannot be read, `store_unavailable`
 */
export async function readAgent(
  { store }: Namespace,
  id: string,
  now: number,
): Promise<FoundAgent | Problem> {
  const [snapshot] = await store.read([{ kind: "agent", id }], now);
  const { entry, documentDigest } = readable(snapshot!);
  return isLive(entry) ? { entry, documentDigest } : agentNotFound(id);
}
