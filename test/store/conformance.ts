import { describe } from "vitest";
import { commits } from "./conformance/commit.ts";
import { carries } from "./conformance/content.ts";
import { contends } from "./conformance/contention.ts";
import { recounts } from "./conformance/history.ts";
import { isHeldBySockets } from "./conformance/holding.ts";
import { keepsKeys } from "./conformance/keyring.ts";
import { logs } from "./conformance/log.ts";
import type { Open } from "./conformance/opened.ts";
import { musters } from "./conformance/muster.ts";
import { pages } from "./conformance/page.ts";
import { keepsQuotas, keepsQuotasOfTerms } from "./conformance/quota.ts";
import { reads } from "./conformance/read.ts";
import { renews } from "./conformance/renew.ts";
import { succeeds } from "./conformance/succession.ts";
import { samples } from "./conformance/sample.ts";

/** Where a namespace is spread, each part bounds its terms by itself (docs/sharding.md). */
export const TERMS_OF_ALL = "quotas of terms";

const BEHAVIOURS: [name: string, declare: (open: Open) => void][] = [
  ["read", reads],
  ["commit", commits],
  ["what has ended, and the clock", succeeds],
  ["renew", renews],
  ["attach, detach and holders", isHeldBySockets],
  ["sample", samples],
  ["page, terms and roll", pages],
  ["muster", musters],
  ["events, sweep report and signing key", recounts],
  ["logs of entries", logs],
  ["quotas", keepsQuotas],
  [TERMS_OF_ALL, keepsQuotasOfTerms],
  ["keyring", keepsKeys],
  ["content", carries],
  ["contention", contends],
];

/** Everything that the port (src/store/store.ts) promises, whatever stands behind it; but for what is declared to be otherwise. */
export function storeConformance(name: string, open: Open, otherwise: readonly string[] = []): void {
  const promised = BEHAVIOURS.filter(([behaviour]) => !otherwise.includes(behaviour));
  describe.each(promised)(`a store on ${name}: %s`, (_, declare) => {
    declare(open);
  });
}
