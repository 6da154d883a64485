import { agentRecord } from "../../core/agents/record.ts";
import type { Resolved } from "./resolve.ts";

/**
 * What is answered to a resolution, whatever face was asked.
 *
 * @param explained  with the reason for each provider that was passed over
 * @param now  when it was asked
 */
export const resolutionAnswer = (found: Resolved, explained: boolean, now: number) => {
  const { offer, circuitState } = found.chosen;
  return {
    provider: agentRecord(found.provider, now),
    binding: offer.binding,
    selection_id: found.selectionId,
    deadline_seconds: offer.config.timeoutMs / 1000,
    circuit_state: circuitState,
    considered: found.considered,
    ...(found.failedOpen && { fail_open: true as const }),
    ...(found.degraded && { degraded: true as const }),
    ...(found.warnings.length > 0 && { warnings: found.warnings }),
    ...(explained && { reasons: found.rejected }),
  };
};
