import * as z from "zod";
import { effectiveStatus } from "../../core/agents/agent.ts";
import { entryId } from "../../core/names.ts";
import { agentMain } from "../../dashboard/agent.ts";
import { gatherAgent } from "../../dashboard/gather-agent.ts";
import { gatherOverview } from "../../dashboard/gather-overview.ts";
import type { Html } from "../../dashboard/html.ts";
import { overview } from "../../dashboard/overview.ts";
import { overviewOrLast } from "../../dashboard/last-overviews.ts";
import { page } from "../../dashboard/page.ts";
import { SORTS } from "../../dashboard/view.ts";
import { endpoint } from "../frame/endpoint.ts";
import { matchesEtag, weakEtag } from "../frame/etag.ts";
import { htmlHeaders } from "../frame/html-reply.ts";
import { param } from "../frame/query.ts";

/** The HTML pages. The script of a page fetches it again and takes over what has changed. */

const shared = { method: "GET", group: null, dialect: "page", refusals: [] } as const;

/** A form also sends the fields that were left empty. */
const orEmpty = <T extends z.ZodType>(field: T) =>
  z.union([z.literal("").transform(() => undefined), field]).optional();
const word = orEmpty(z.string().max(256));

const overviewPage = endpoint({
  ...shared,
  path: "/",
  operationId: "overviewPage",
  summary: "Agents, services, toolsets and events",
  scope: "read",
  query: z.object({
    q: word,
    type: word,
    status: orEmpty(effectiveStatus),
    capability: word,
    region: word,
    sort: orEmpty(z.enum(SORTS)),
    limit: orEmpty(param.integer(1, 5000)),
  }),
  answers: { 200: { description: "The page" }, 304: { description: "Nothing but the clock has changed" } },
  async handle({ query, headers, namespace, now }) {
    const view = await overviewOrLast(namespace, query, now, () => gatherOverview(namespace, query, now));
    const title = `${view.total} agents · Rollcall`;
    return unlessKnown(headers, view, 200, () =>
      page({ title, asOf: view.as_of, stale: view.stale ?? false, main: overview(view) }),
    );
  },
});

const agentPage = endpoint({
  ...shared,
  path: "/ui/agents/:id",
  params: { id: entryId },
  operationId: "agentPage",
  summary: "One agent and its last events",
  scope: "read",
  answers: {
    200: { description: "The page" },
    304: { description: "Nothing but the clock has changed" },
    404: { description: "No live agent has the id; its events are shown" },
  },
  async handle({ params: { id }, headers, namespace, now }) {
    const view = await gatherAgent(namespace, id, now);
    const { agent, events } = view;
    const title = `${agent?.name ?? id} · Rollcall`;
    // Flat: weakEtag leaves clock fields out at the top level and in its lists, not deeper.
    return unlessKnown(headers, { ...agent, events }, agent === null ? 404 : 200, () =>
      page({ title, asOf: view.as_of, main: agentMain(view) }),
    );
  },
});

/** The page, or 304 where the reader has it: then nothing is rendered. */
async function unlessKnown<Status extends number>(
  sent: Headers,
  view: object,
  status: Status,
  render: () => Html,
): Promise<{ status: Status | 304; headers: Record<string, string>; text?: string }> {
  const ETag = await weakEtag(view);
  if (matchesEtag(sent.get("If-None-Match") ?? undefined, ETag)) return { status: 304, headers: { ETag } };
  return { status, headers: htmlHeaders({ ETag }), text: render().toString() };
}

export const pages = [overviewPage, agentPage];
