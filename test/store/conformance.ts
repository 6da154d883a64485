import { describe } from "vitest";
import { commits } from "./conformance/commit.ts";
import { carries } from "./conformance/content.ts";
import { contends } from "./conformance/contention.ts";
import { recounts } from "./conformance/history.ts";
import { isHeldBySockets } from "./conformance/holding.ts";
import type { Open } from "./conformance/opened.ts";
import { musters } from "./conformance/muster.ts";
import { pages } from "./conformance/page.ts";
import { reads } from "./conformance/read.ts";
import { renews } from "./conformance/renew.ts";
import { succeeds } from "./conformance/succession.ts";
import { samples } from "./conformance/sample.ts";

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
  ["content", carries],
  ["contention", contends],
];

/** Everything that the port (src/store/store.ts) promises, whatever stands behind it. */
export function storeConformance(name: string, open: Open): void {
  describe.each(BEHAVIOURS)(`a store on ${name}: %s`, (_, declare) => {
    declare(open);
  });
}
