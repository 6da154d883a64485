import * as z from "zod";
import { entryId } from "../../core/names.ts";
import { type Asker, hasScope } from "../../core/authority.ts";
import { Problem, orThrow } from "../../core/problem.ts";
import { agentMain } from "../../dashboard/agent.ts";
import type { Html } from "../../dashboard/html.ts";
import { overview } from "../../dashboard/overview.ts";
import { docsPage, keyPage, page, refusalPage } from "../../dashboard/page.ts";
import { SORTS } from "../../dashboard/view.ts";
import type { PingTerms } from "../../core/toolsets/health.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Pool } from "../../pool/pool.ts";
import type { Store } from "../../store/store.ts";
import { agentView, overviewOf } from "../../dashboard/gather.ts";
import { matchesEtag, weakEtag } from "../frame/etag.ts";
import type { Reply } from "../frame/reply.ts";
import { statusParam } from "./agents/agents.ts";
import { check, checkQuery, param } from "../frame/validate.ts";

/**
 * The HTML pages. They open without a key, and then ask for one; with one, and under open access, what they show is there
 * at once. A page stays live by being fetched again: the script in it takes over what is different.
 */

/** Everything a page loads is ours, by name; it runs no inline script, and no other page may frame it. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

export interface PageRequest {
  request: Request;
  /** The id in the path; "" where it has none. */
  id: string;
  asker: Asker;
  store: Store;
  pool: (service: string) => Pool;
  gateway: (toolset: string) => Gateway;
  ping: PingTerms;
  /** ms since the Unix epoch */
  now: number;
}

const word = z.string().max(256).optional();
const filter = z.object({
  q: word,
  type: word,
  status: statusParam.optional(),
  capability: word,
  region: word,
  sort: z.enum(SORTS).optional(),
  limit: param.integer(1, 5000).optional(),
});

async function showOverview(call: PageRequest): Promise<Reply> {
  const { searchParams } = new URL(call.request.url);
  // A form sends the fields that were left empty, too.
  const given = new URLSearchParams([...searchParams].filter(([, value]) => value !== ""));
  const asked = orThrow(checkQuery(filter, given.toString(), true));
  const view = await overviewOf(call, asked);
  const title = `${view.total} agents · Rollcall`;
  return live(call, view, () => page({ title, asOf: view.as_of, main: overview(view) }));
}

async function showAgent(call: PageRequest): Promise<Reply> {
  const id = orThrow(check(entryId, call.id));
  const view = await agentView(call, id);
  const title = `${view.agent?.name ?? id} · Rollcall`;
  const status = view.agent === null ? 404 : 200;
  // Flat, because only the top of what is hashed is spared what ticks.
  const { agent, events } = view;
  return live(
    call,
    { ...agent, events },
    () => page({ title, asOf: view.as_of, main: agentMain(view) }),
    status,
  );
}

/** Shows data to whoever may read it, and nothing to others. */
const readable =
  (show: (call: PageRequest) => Promise<Reply>) =>
  (call: PageRequest): Promise<Reply> => {
    const { asker } = call;
    if (hasScope(asker, "read")) return show(call);
    if (asker.name === null) return Promise.resolve(answer(keyPage(), 200));
    return Promise.reject(new Problem("forbidden", 'This key does not have the scope "read".'));
  };

export const pages: readonly { path: string; show: (call: PageRequest) => Promise<Reply> }[] = [
  { path: "/", show: readable(showOverview) },
  { path: "/ui/agents/:id", show: readable(showAgent) },
  { path: "/docs", show: () => Promise.resolve(answer(docsPage(), 200)) },
];

/** A problem as a page: for who came with a browser. */
export function problemPage(problem: Problem): Reply {
  const { code, message, status, kind } = problem;
  const refusal =
    code === "unauthorized" ? keyPage("This key is not known here.") : refusalPage(code, message);
  const headers =
    kind.retryAfterSeconds === undefined ? {} : { "Retry-After": String(kind.retryAfterSeconds) };
  return answer(refusal, status, headers);
}

/** The view's validator goes out with the page; nothing is rendered for who has it already. */
async function live(
  { request }: PageRequest,
  view: object,
  render: () => Html,
  status = 200,
): Promise<Reply> {
  const ETag = await weakEtag(view);
  if (matchesEtag(request.headers.get("If-None-Match") ?? undefined, ETag)) {
    return { status: 304, headers: { ETag }, body: null };
  }
  return answer(render(), status, { ETag });
}

function answer(body: Html, status: number, headers: Record<string, string> = {}): Reply {
  return {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      // Nothing of it may outlive the tab, on this machine or between.
      "Cache-Control": "no-store",
      "Content-Security-Policy": POLICY,
      "Cross-Origin-Opener-Policy": "same-origin",
      "Referrer-Policy": "no-referrer",
      ...headers,
    },
    body: body.toString(),
  };
}
