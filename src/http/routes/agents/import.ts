import * as z from "zod";
import { activationItem, registrationInput } from "../../../core/agents/agent.ts";
import { entryId } from "../../../core/names.ts";
import type { Region } from "../../../core/entry.ts";
import { Problem } from "../../../core/problem.ts";
import { endpoint } from "../../frame/loose.ts";
import { itemProblem } from "../../frame/dialects.ts";
import { type NewAgent, registerAll } from "../../../registry/agents/register.ts";
import * as shapes from "../../answers/index.ts";
import { check } from "../../../core/check.ts";
import { param } from "../../frame/query.ts";

const ITEMS_MAX = 1000;

type Item = z.output<typeof activationItem>;

/** Source 0's rule: the id is type/name, and what the file knows beyond that is metadata. */
function toNewAgent(item: Item, isStatic: boolean, region: Region | null): NewAgent | Problem {
  const input = check(registrationInput, {
    id: `${item.type}/${item.name}`,
    name: item.name,
    type: item.type,
    version: item.version,
    path: item.path,
    metadata: { activated_at: item.activated_at ?? null, reason: item.reason ?? null },
    ...(isStatic && { heartbeat_interval_seconds: null }),
  });
  return input instanceof Problem ? input : { input, token: undefined, region };
}

const importFile = endpoint({
  method: "POST",
  path: "/v1/agents/import",
  operationId: "importAgents",
  summary: "Register the activated components of an activation file; each has a result of its own",
  scope: "write",
  query: z.strictObject({ static: param.flag() }),
  body: z.strictObject({ components: z.array(z.unknown()).max(ITEMS_MAX) }),
  bodyShape: z.strictObject({ components: z.array(activationItem).max(ITEMS_MAX) }),
  answers: { 200: { description: "One result per component, in order", body: shapes.importResults } },
  refusals: ["invalid_request"],
  async handle({ query, body, namespace, asker, region, now }) {
    const items = body.components.map((component) => check(activationItem, component));
    const newcomers = items.map((item) => {
      if (item instanceof Problem) return item;
      return item.activated ? toNewAgent(item, query.static === "true", region) : undefined;
    });
    const wanted = newcomers.flatMap((newcomer) =>
      newcomer && !(newcomer instanceof Problem) ? [newcomer] : [],
    );
    const admitted = await registerAll(namespace, asker, wanted, now);
    const results = newcomers.map((newcomer, index) => {
      const item = items[index]!;
      const id = item instanceof Problem ? null : validId(`${item.type}/${item.name}`);
      if (newcomer === undefined) return { index, id, status: 200, outcome: "skipped" };
      const result = newcomer instanceof Problem ? newcomer : admitted.shift()!;
      return result instanceof Problem
        ? { index, id, ...itemProblem(result) }
        : { index, id, status: 201, outcome: result.outcome, lease_token: result.leaseToken };
    });
    return { status: 200, body: { results } };
  },
});

const validId = (id: string): string | null => (entryId.safeParse(id).success ? id : null);

export const importEndpoints = [importFile];
