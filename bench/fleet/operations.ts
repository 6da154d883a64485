import type { Http } from "../load/http.ts";
import type { Operation } from "../load/load.ts";
import { type Fleet, idOf, SERVICE, tokenOf } from "./agents.ts";

/** The measured registrations use this many ids in turn, so that the fleet stays nearly the same size. */
const NEWCOMERS = 64;
export const BULK = 100;

const state = (nth: number) => ({ status: "available", current_load: nth % 8 });
// A prime stride visits every agent, and never two neighbours in succession.
const indexAt = (nth: number, { size }: Fleet): number => (nth * 7919) % size;

export const heartbeat = (
  http: Http,
  fleet: Fleet,
  token = (index: number) => tokenOf(fleet, index),
): Operation => {
  // An agent keeps its token; computing it again would only slow the load down.
  const tokens: string[] = [];
  return (nth) => {
    const index = indexAt(nth, fleet);
    return http.expect(200, "POST", `/v1/agents/${idOf(index)}/heartbeat`, JSON.stringify(state(nth)), {
      "lease-token": (tokens[index] ??= token(index)),
    });
  };
};

/** A heartbeat of the older agent API: with its owner's key, and without a token. */
export const legacyHeartbeat =
  (http: Http, fleet: Fleet): Operation =>
  (nth) =>
    http.expect(200, "POST", `/agents/${idOf(indexAt(nth, fleet))}/heartbeat`, '{"status":"available"}');

export const bulkHeartbeat =
  (http: Http, fleet: Fleet, token = (index: number) => tokenOf(fleet, index)): Operation =>
  async (nth) => {
    const heartbeats = Array.from({ length: Math.min(BULK, fleet.size) }, (_, i) => {
      const index = (nth * BULK + i) % fleet.size;
      return { id: idOf(index), lease_token: token(index), ...state(nth + i) };
    });
    const text = await http.expect(200, "POST", "/v1/heartbeats", JSON.stringify({ heartbeats }));
    const { results } = JSON.parse(text) as { results: { status: number }[] };
    if (results.some(({ status }) => status !== 200))
      throw new Error(`not all were heard: ${text.slice(0, 500)}`);
  };

export const get =
  (http: Http, fleet: Fleet): Operation =>
  (nth) =>
    http.expect(200, "GET", `/v1/agents/${idOf(indexAt(nth, fleet))}`);

export const LIMIT = 10;

export const discover =
  (http: Http, fleet: Fleet, { limit = LIMIT, filters = "" } = {}): Operation =>
  async () => {
    const text = await http.expect(200, "GET", `/v1/discover?capability=work&limit=${limit}${filters}`);
    const { agents } = JSON.parse(text) as { agents: unknown[] };
    if (agents.length !== limit) throw new Error(`${agents.length} of ${fleet.size} agents were discovered`);
  };

export const PAGE = 100;

export const listPage =
  (http: Http, fleet: Fleet): Operation =>
  async () => {
    const text = await http.expect(200, "GET", `/v1/agents?limit=${PAGE}`);
    const { agents } = JSON.parse(text) as { agents: unknown[] };
    if (agents.length !== Math.min(PAGE, fleet.size)) throw new Error(`a page of ${agents.length}`);
  };

/** Registers a known id without its token, as after a restart, which replaces the old registration. The first of each id creates it. */
export const register =
  (http: Http): Operation =>
  (nth) =>
    http.expect(
      201,
      "POST",
      "/v1/agents",
      JSON.stringify({
        id: `newcomer-${nth % NEWCOMERS}`,
        name: "newcomer",
        type: "newcomer",
        capabilities: ["arrive", "settle"],
        tags: ["new"],
        endpoint: "https://agents.example.com/new",
        metadata: { team: "team-1", model: "medium", build: "2026.11" },
      }),
    );

export const resolve =
  (http: Http): Operation =>
  () =>
    http.expect(200, "GET", `/v1/services/${SERVICE}/resolve`);
