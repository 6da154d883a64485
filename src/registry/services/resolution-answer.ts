import { agentRecord } from "../../core/agents/record.ts";
import type { Resolved, Usable } from "./resolve.ts";

/**
 * What is answered to a resolution, whatever face was asked.
 *
 * @param explained  with the reason for each provider that was passed over
 * @param listed  with all that can be used, not only the first
 * @param now  when it was asked
 */
export const resolutionAnswer = (
  found: Resolved,
  { explained, listed }: { explained: boolean; listed: boolean },
  now: number,
) => {
  return {
    ...shown(found, now),
    selection_id: found.selectionId,
    considered: found.considered,
    ...(listed && { providers: [found, ...found.others].map((usable) => shown(usable, now)) }),
    ...(found.failedOpen && { fail_open: true as const }),
    ...(found.degraded && { degraded: true as const }),
    ...(found.warnings.length > 0 && { warnings: found.warnings }),
    ...(explained && { reasons: found.rejected }),
  };
};

const shown = ({ chosen: { offer, circuitState }, provider }: Usable, now: number) => ({
  provider: agentRecord(provider, now),
  binding: offer.binding,
  deadline_seconds: offer.config.timeoutMs / 1000,
  circuit_state: circuitState,
});
