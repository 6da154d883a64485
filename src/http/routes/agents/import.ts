import * as z from "zod";
import { activationItem, type ActivationItem, componentId } from "../../../core/agents/activation-file.ts";
import { check } from "../../../core/check.ts";
import { entryId } from "../../../core/names.ts";
import { Problem } from "../../../core/problem.ts";
import { importAgents } from "../../../registry/agents/import.ts";
import * as shapes from "../../answers/index.ts";
import { itemProblem } from "../../frame/problem-body.ts";
import { endpoint } from "../../frame/endpoint.ts";
import { param } from "../../frame/query.ts";

const ITEMS_MAX = 1000;

const importFile = endpoint({
  method: "POST",
  path: "/v1/agents/import",
  operationId: "importAgents",
  summary: "Register the activated components of an activation file; each has a result of its own",
  group: "agents",
  scope: "write",
  takesIdempotencyKey: true,
  query: z.strictObject({ static: param.flag() }),
  body: z.strictObject({ components: z.array(z.unknown()).max(ITEMS_MAX) }),
  bodyShape: z.strictObject({ components: z.array(activationItem).max(ITEMS_MAX) }),
  answers: { 200: { description: "One result per component, in order", body: shapes.importResults } },
  refusals: ["invalid_request"],
  async handle({ namespace, asker, query, body, idempotencyKey, region, now }) {
    const items = body.components.map((component) => check(activationItem, component));
    const file = { items, isStatic: query.static === "true", idempotencyKey, region };
    const results = await importAgents(namespace, asker, file, now);
    const list = results.map((result, index) => {
      const id = idOf(items[index]!);
      if (result === "skipped") return { index, id, status: 200, outcome: result };
      if (result instanceof Problem) return { index, id, ...itemProblem(result) };
      // Components come without a token, so none is renewed.
      const outcome: "created" | "replaced" = result.outcome === "created" ? "created" : "replaced";
      return { index, id, status: 201, outcome, lease_token: result.leaseToken };
    });
    return { status: 200, body: { results: list } };
  },
});

/** null where type and name make no id */
function idOf(item: ActivationItem | Problem): string | null {
  if (item instanceof Problem) return null;
  const parsed = entryId.safeParse(componentId(item));
  return parsed.success ? parsed.data : null;
}

export const importEndpoints = [importFile];
