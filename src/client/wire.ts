import type * as z from "zod";
import type { activationItem } from "../core/agents/activation-file.ts";
import type { heartbeatInput, registrationInput } from "../core/agents/agent.ts";
import type { PRIORITIES } from "../core/services/binding.ts";
import type { keyInput } from "../core/api-key.ts";
import type { toolsetInput } from "../core/toolsets/toolset.ts";
import type { subscriptionInput } from "../core/webhooks/subscription.ts";
import type * as answers from "../http/answers/index.ts";

/**
 * What goes over the wire, with the types of the server's own schemas; nothing of the server is loaded. The package has the
 * same types without the schemas (scripts/wire-types.ts).
 */

export type Answers = { [Name in keyof typeof answers]: z.output<(typeof answers)[Name]> };

export type Inputs = {
  registration: z.input<typeof registrationInput>;
  heartbeat: z.input<typeof heartbeatInput>;
  component: z.input<typeof activationItem>;
  toolset: z.input<typeof toolsetInput>;
  key: z.input<typeof keyInput>;
  subscription: z.input<typeof subscriptionInput>;
};

/** The number of each named priority. */
export type Priorities = typeof PRIORITIES;
