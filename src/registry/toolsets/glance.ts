import { type ToolsetInfo, toolsetInfo } from "../../core/toolsets/catalogue.ts";
import type { GatewayLoad } from "../../gateway/gateway.ts";
import type { Namespace } from "../namespace.ts";

export interface ToolsetGlance {
  info: ToolsetInfo;
  /** undefined: its gateway does not answer */
  load: GatewayLoad | undefined;
}

/** The first `limit` toolsets by name, each with its load. One round trip to the store, and one call to each gateway. */
export async function glanceAtToolsets(
  { store, gateway, ping }: Namespace,
  limit: number,
  now: number,
): Promise<ToolsetGlance[]> {
  const { entries } = await store.page({ kind: "toolset", terms: ["toolset"], after: "", limit }, now);
  return Promise.all(
    entries.map(async (entry): Promise<ToolsetGlance> => {
      const info = toolsetInfo(entry, ping, now);
      const load = await gateway(info.name)
        .load(now)
        .catch(() => undefined);
      return { info, load };
    }),
  );
}
