import * as z from "zod";
import { STRATEGIES } from "../../core/services/binding.ts";
import { count } from "./common.ts";

/** An agent's offer to serve one service, as it is kept. */
export const binding = z.strictObject({
  service: z.string(),
  handler: z.string(),
  priority: count,
  priority_group: count,
  strategy: z.enum(STRATEGIES),
  capabilities: z.array(z.string()).optional(),
  circuit_breaker: z
    .strictObject({
      failure_threshold: count,
      recovery_timeout: z.number(),
      success_threshold: count,
      timeout_duration: z.number(),
    })
    .optional(),
});
