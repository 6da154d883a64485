import { entryId } from "../../core/names.ts";
import { orThrow } from "../../core/problem.ts";
import { serverCard, toolsetCard } from "../../mcp/server-card.ts";
import { readToolset } from "../../registry/toolsets/read.ts";
import { endpoint } from "../frame/endpoint.ts";
import { matchesEtag, weakEtag } from "../frame/etag.ts";

const CARD = "application/mcp-server-card+json";

const shared = {
  method: "GET",
  group: "mcp",
} as const;

const ofAll = endpoint({
  ...shared,
  path: "/mcp/server-card",
  operationId: "serverCard",
  scope: null,
  key: "optional",
  refusals: [],
  handle: ({ origin, needsKey, headers }) =>
    cardReply(serverCard({ url: `${origin}/mcp`, needsKey }), headers, "public, max-age=3600"),
});

const ofToolset = endpoint({
  ...shared,
  path: "/mcp/toolsets/:name/server-card",
  params: { name: entryId },
  operationId: "toolsetServerCard",
  scope: "read",
  refusals: ["toolset_not_found"],
  async handle({ origin, needsKey, headers, namespace, params: { name }, now }) {
    const entry = orThrow(await readToolset(namespace, name, now));
    const url = `${origin}/mcp/toolsets/${encodeURIComponent(name)}`;
    return cardReply(toolsetCard(entry, { url, needsKey }), headers, "private, no-cache");
  },
});

async function cardReply(card: object, sent: Headers, caching: string) {
  const ETag = await weakEtag(card);
  const headers = { ETag, "Cache-Control": caching };
  if (matchesEtag(sent.get("If-None-Match") ?? undefined, ETag)) return { status: 304 as const, headers };
  return { status: 200 as const, headers: { ...headers, "Content-Type": CARD }, text: JSON.stringify(card) };
}

export const serverCardEndpoints = [ofAll, ofToolset];
