import * as z from "zod";
import * as shapes from "../answers/index.ts";
import type { Documentation } from "./documentation.ts";

export const OPERATION = {
  marker: {
    summary:
      "A text that is another one once something was told: who looks again and again asks for this alone",
    answers: { 200: { description: "Up to 1 s old", body: shapes.marker } },
  },
  listAlerts: {
    summary: "What is wrong, the worst first, as the last sweep found it",
    answers: { 200: { description: "At most 100; `found` says how many there are", body: shapes.alertList } },
  },
  statsHistory: {
    summary:
      "How many agents were in which states in the last 24 h, and how many tool calls were not settled",
    answers: { 200: { description: "One point every 15 minutes, oldest first", body: shapes.statsHistory } },
  },
  exportAll: {
    summary: "Everything that is registered, as a stream of lines; no keys, no lease tokens",
    answers: {
      200: {
        description:
          "Ends with the line `end`, or with `cursor`: ask again with it for what is missing. Without either it was cut off",
        lines: shapes.exportLine,
      },
    },
  },
  restore: {
    summary: "Put back what an export has and the registry lacks, line by line, up to 1,000 lines of 1 MiB",
    answers: {
      200: {
        description: "What became of the lines; those that failed, each with why",
        body: shapes.restored,
      },
    },
  },
  listEvents: {
    summary: "What happened: after a cursor, oldest first; or newest first",
    answers: {
      200: {
        description:
          "asc: ask again with since=next_since. desc: the next page has cursor=next_cursor, which is null at the end. A page may hold fewer than limit before the end",
        body: z.union([shapes.eventPage, shapes.latestEventPage]),
      },
    },
  },
  health: {
    summary: "The Worker is up; says nothing of the store",
    answers: { 200: { description: "Up", body: shapes.health } },
  },
  ready: {
    summary: "The store answers, and takes writes",
    answers: { 200: { description: "Ready", body: shapes.ready } },
  },
  createKey: {
    summary: "Make an API key; its secret is in this answer alone",
    answers: { 201: { description: "The key, with its secret", body: shapes.madeKey } },
  },
  listKeys: {
    summary: "API keys of the namespace, with the hour of their last use",
    answers: {
      200: { description: "Keys that are configured have no id and no dates", body: shapes.keyList },
    },
  },
  revokeKey: {
    summary: "Revoke an API key: it ends everywhere within 30 s",
    answers: { 204: { description: "Revoked" } },
  },
  rotateKey: {
    summary: "Make another secret of an API key; the one before works for overlap_seconds more",
    answers: { 201: { description: "The new key, with its secret", body: shapes.madeKey } },
  },
  whoAmI: {
    summary: "What the registry takes the asker for",
    answers: {
      200: { description: "Under open access there is no name and no source", body: shapes.whoAmI },
    },
  },
  metrics: {
    summary: "What there is, for Prometheus: agents, services, toolsets, the last sweep, the store",
    answers: { 200: { description: "Prometheus's text format 0.0.4; during an outage rollcall_store_up 0" } },
  },
  sweep: {
    summary:
      "Call the roll now, as the cron does every minute; with older_than also give, once, who has been silent for more seconds",
    answers: { 200: { description: "What this run found and told", body: shapes.sweepSummary } },
  },
} as const satisfies Documentation;
