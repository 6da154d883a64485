import type { Config } from "./config.ts";
import type { Quota } from "./core/limits.ts";

/** What entries may be, by namespace and owner: a key whose definition says nothing of a limit has what every key has. */
export function quotasIn({ access, limits }: Pick<Config, "access" | "limits">) {
  const own = new Map<string, Quota>();
  for (const { namespace, name, limits: some } of access.mode === "keys" ? access.keys.values() : [])
    if (some) own.set(`${namespace} ${name}`, { ...limits, key: { ...limits.key, ...some } });
  // Without keys there is nobody else.
  const ofNobody: Quota = { ...limits, key: limits.namespace };
  return (namespace: string, owner: string | null): Quota =>
    owner === null ? ofNobody : (own.get(`${namespace} ${owner}`) ?? limits);
}
