import * as z from "zod";
import { activationItem } from "../../../core/agents/activation-file.ts";
import { entryId, label } from "../../../core/names.ts";
import { isProblem, Problem } from "../../../core/problem.ts";
import { importAgents, type ImportedComponent } from "../../../registry/agents/import.ts";
import { itemProblem } from "../../frame/problem-body.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

const ITEMS_MAX = 1000;

const importFile = endpoint({
  method: "POST",
  path: "/v1/agents/import",
  operationId: "importAgents",
  group: "agents",
  scope: "write",
  takesIdempotencyKey: true,
  query: z.strictObject({
    static: param.flag(),
    source: label(256).default("default"),
    after: entryId.optional(),
    through: entryId.optional(),
    dry_run: param.flag(),
  }),
  // What else the file says is ignored, as in the registry whose format it is.
  body: z.object({ components: z.array(z.unknown()).max(ITEMS_MAX) }),
  bodyShape: z.looseObject({ components: z.array(activationItem).max(ITEMS_MAX) }),
  refusals: ["invalid_request"],
  async handle({ namespace, asker, query, body, idempotencyKey, region, now }) {
    const { source, after = "", through } = query;
    const file = {
      ...body,
      after,
      through,
      isStatic: query.static === "true",
      isDryRun: query.dry_run === "true",
      idempotencyKey,
      region,
    };
    const { components, next } = await importAgents(namespace, { asker, source }, file, now);
    const refused = components.map(({ result }) => result).filter(isProblem);
    return { status: 200, body: { results: components.map(shown), next }, refused };
  },
});

function shown({ index, id, result }: ImportedComponent) {
  if (result instanceof Problem) return { index, id, outcome: "failed" as const, ...itemProblem(result) };
  const { outcome, source, leaseToken } = result;
  return {
    index,
    id,
    status: outcome === "created" ? 201 : 200,
    outcome,
    ...(source !== undefined && { source }),
    ...(leaseToken !== undefined && { lease_token: leaseToken }),
  };
}

export const importEndpoints = [importFile];
