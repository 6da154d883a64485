import { priorityName } from "../core/services/binding.ts";
import { isoTime } from "../core/time.ts";
import type { ServiceGlance } from "../registry/services/glance.ts";
import type { ProviderView, SelectionView, ServiceView } from "./view.ts";

type Pool = NonNullable<ServiceGlance["pool"]>;

export const serviceView = ({ service, pool }: ServiceGlance): ServiceView => ({
  service,
  pool: pool
    ? { providers: pool.fleet.map(providerView), selections: pool.selections.map(selectionView) }
    : null,
});

const providerView = ({ offer, circuit, unhealthy }: Pool["fleet"][number]): ProviderView => ({
  id: offer.provider,
  handler: offer.binding.handler,
  group: offer.binding.priority_group,
  priority: priorityName(offer.binding.priority),
  strategy: offer.binding.strategy,
  circuit,
  obstacle: unhealthy?.detail ?? null,
});

const selectionView = (selection: Pool["selections"][number]): SelectionView => ({
  at: isoTime(selection.at),
  handler: selection.handler,
  capabilities: selection.capabilities,
  provider: selection.provider,
  reasons: selection.rejected,
});
