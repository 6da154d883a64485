import { describe } from "vitest";
import type { OpenPool } from "../support/pools.ts";
import { outlivesEviction } from "./conformance/eviction.ts";
import { fails } from "./conformance/failure.ts";
import { shares } from "./conformance/sharing.ts";
import { tells } from "./conformance/telling.ts";

const BEHAVIOURS: [name: string, declare: (open: OpenPool) => void][] = [
  ["sharing", shares],
  ["failure", fails],
  ["eviction", outlivesEviction],
  ["telling", tells],
];

/** Everything that the port (src/pool/pool.ts) promises, whatever hosts the object behind it. */
export function poolConformance(host: string, open: OpenPool): void {
  describe.each(BEHAVIOURS)(`in ${host}, %s:`, (_, declare) => {
    declare(open);
  });
}
