import type { AgentSearch } from "../recent-reads.ts";
import type { Page } from "../../store/store.ts";

/** How many providers of one service are looked at, the first by id: one round trip carries them. */
export const PROVIDERS_MAX = 1000;

/**
 * The agents that offer a service, in id order, lapsed ones included; at most `PROVIDERS_MAX`.
 *
 * @param near  a copy that is behind may answer; the page says so
 */
export const readProviders = (
  store: AgentSearch,
  service: string,
  now: number,
  near = false,
): Promise<Page> =>
  store.page({ kind: "agent", terms: [`service:${service}`], after: "", limit: PROVIDERS_MAX, near }, now);
