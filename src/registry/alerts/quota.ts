import type { Trouble } from "../../core/alert.ts";
import { LIMITED } from "../../core/limits.ts";
import type { Namespace } from "../namespace.ts";

/** A limit is near from this share of it on. */
const NEAR = 0.9;

/** Which limits of the namespace are near, or reached. One round trip. */
export async function quotaTroubles({ store, limits }: Namespace): Promise<Trouble[]> {
  const usage = await store.usage(null);
  return LIMITED.filter((name) => limits[name] > 0 && usage[name] >= NEAR * limits[name]).map(
    (name): Trouble => ({
      code: "quota_near",
      severity: usage[name] >= limits[name] ? "critical" : "warning",
      kind: "namespace",
      id: name,
      detail: `The namespace may have ${limits[name]}: what would pass the limit is refused.`,
      count: usage[name],
    }),
  );
}
