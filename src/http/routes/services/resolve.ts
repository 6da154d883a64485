import * as z from "zod";
import { QUERY_TERMS_MAX } from "../../../core/agents/discovery.ts";
import { Problem } from "../../../core/problem.ts";
import { offersOf } from "../../../core/services/offers.ts";
import { agentRecord } from "../../../core/agents/record.ts";
import { isoTime } from "../../../core/time.ts";
import { isLive } from "../../../core/entry.ts";
import {
  type Offer,
  positionOf,
  type Query,
  selectProvider,
  type ProviderChoice,
} from "../../../core/services/choose.ts";
import type { Pool } from "../../../pool/pool.ts";
import { endpoint } from "../../frame/loose.ts";
import * as shapes from "../../answers/index.ts";
import { param } from "../../frame/validate.ts";

/** Providers of one service that are looked at, the first by id. */
export const PROVIDERS_MAX = 1000;

const resolve = endpoint({
  method: "GET",
  path: "/v1/services/:service/resolve",
  operationId: "resolveService",
  summary: "Which provider to use, now, and why",
  scope: "read",
  query: z.strictObject({
    handler: z.string().min(1).optional(),
    capability: z.array(z.string()).max(QUERY_TERMS_MAX).default([]),
    fallback_to_global: z.enum(["true", "false"]).default("true"),
    explain: param.flag(),
    dry_run: param.flag(),
  }),
  answers: { 200: { description: "The provider to use", body: shapes.resolved } },
  refusals: ["invalid_request", "service_not_found", "no_provider_available"],
  async handle({ service, query: asked, store, pool, now }) {
    const page = await store.page(
      { kind: "agent", terms: [`service:${service}`], after: "", limit: PROVIDERS_MAX },
      now,
    );
    const offers = offersOf(page.entries, service, now);
    if (offers.length === 0) throw new Problem("service_not_found", `No live agent offers "${service}".`);

    const query: Query = {
      handler: asked.handler,
      capabilities: asked.capability,
      fallbackToGlobal: asked.fallback_to_global === "true",
    };
    const selectionId = crypto.randomUUID();
    const dryRun = asked.dry_run === "true";
    const { selection, degraded } = await choose(pool(service), { offers, query, selectionId, dryRun }, now);
    const { choice, considered, rejected, warnings } = selection;
    if (!choice) {
      throw new Problem("no_provider_available", `None of the providers of "${service}" can be used now.`, {
        reasons: rejected,
      });
    }
    const { binding, provider } = choice.offer;
    const entry = page.entries.find(({ document }) => document.registration.id === provider);
    if (!isLive(entry)) throw new Error("the chosen provider is not among the offers");
    return {
      status: 200,
      headers: { "Cache-Control": "no-store" },
      body: {
        provider: agentRecord(entry, now),
        binding,
        selection_id: dryRun ? null : selectionId,
        deadline_seconds: choice.offer.config.timeoutMs / 1000,
        circuit_state: choice.circuitState,
        considered,
        ...(degraded && { degraded }),
        ...(warnings.length > 0 && { warnings }),
        ...(asked.explain === "true" && { reasons: rejected }),
      },
    };
  },
});

/** A caller is better served without the pool's memory than not at all: any provider that looks fit, from a random start. */
async function choose(
  pool: Pool,
  request: { offers: Offer[]; query: Query; selectionId: string; dryRun: boolean },
  now: number,
): Promise<{ selection: ProviderChoice; degraded: boolean }> {
  const { offers, query } = request;
  try {
    return { selection: await pool.resolve(request, now), degraded: false };
  } catch {
    const [random] = crypto.getRandomValues(new Uint32Array(1));
    const start = positionOf(offers[random! % offers.length]!);
    const forgetful = { providers: new Map(), cursors: { get: () => start } };
    return { selection: selectProvider(offers, forgetful, query, now), degraded: true };
  }
}

const SELECTIONS_MAX = 100;

const selections = endpoint({
  method: "GET",
  path: "/v1/services/:service/selections",
  operationId: "listSelections",
  summary: "The last selections of a service, newest first, with their reasons",
  scope: "read",
  query: z.strictObject({ limit: param.integer(1, SELECTIONS_MAX).optional() }),
  answers: { 200: { description: "Up to 100", body: shapes.selectionList } },
  refusals: ["invalid_request"],
  async handle({ service, query, pool }) {
    const kept = await pool(service).selections(query.limit ?? SELECTIONS_MAX);
    const list = kept.map(({ at, ...selection }) => ({
      selection_id: selection.selectionId,
      at: isoTime(at),
      handler: selection.handler,
      capabilities: selection.capabilities,
      provider: selection.provider,
      scope: selection.scope,
      priority_group: selection.group,
      circuit_state: selection.circuitState,
      reasons: selection.rejected,
    }));
    return { status: 200, body: { selections: list, count: list.length } };
  },
});

export const resolveEndpoints = [resolve, selections];
