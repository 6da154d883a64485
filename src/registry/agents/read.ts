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
  { store }: Pick<Namespace, "store">,
  id: string,
  now: number,
): Promise<FoundAgent | Problem> {
  const look = async (near: boolean) => {
    const [snapshot] = await store.read([{ kind: "agent", id }], now, { near });
    return readable(snapshot!);
  };
  const found = await look(true);
  const { entry, documentDigest } = found.mayBeBehind && !isLive(found.entry) ? await look(false) : found;
  return isLive(entry) ? { entry, documentDigest } : agentNotFound(id);
}
