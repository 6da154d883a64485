import * as shapes from "../answers/index.ts";
import { type Documentation, LOG } from "./documentation.ts";

export const TOOLSETS = {
  callTool: {
    summary: "Call a tool: its payload is checked here, its result comes at result_url, or with `wait` here",
    answers: {
      200: { description: "Settled: a repeated call, or within `wait`", body: shapes.callTaken },
      202: { description: "Queued for a provider", body: shapes.callTaken },
    },
  },
  callResult: {
    summary: "A call's result, or its whole stream with Accept: text/event-stream; for its caller alone",
    answers: {
      200: { description: "Pending, done or failed", body: shapes.callResult, orStream: true },
      204: { description: "This reader has had the whole stream: it need not connect again" },
    },
  },
  cancelCall: {
    summary:
      "Cancel a call that has no result yet: it fails, and a provider that works on it is told; for its caller alone",
    answers: { 200: { description: "Failed as `cancelled`, now or before", body: shapes.callSettled } },
  },
  toolsetLoad: {
    summary:
      "How many calls of a toolset wait, and since when, how many are being carried out, and how they failed last",
    answers: { 200: { description: "Counts, now", body: shapes.toolsetLoad } },
  },
  claimCalls: {
    summary: "Attach as a provider, and take the pings and calls there are, or wait for some",
    answers: {
      200: { description: "Each call is this consumer's for 60 s", body: shapes.claimedMessages },
    },
  },
  openProviderSocket: {
    summary: "Attach as a provider over a WebSocket, on which the same messages come; answers go by POST",
    answers: { 101: { description: "Messages come as they arise, at most `max` calls at a time" } },
  },
  pong: {
    summary: "Answer a ping: the toolset is healthy again at once",
    answers: { 200: { description: "Heard", body: shapes.pongTaken } },
  },
  sendDelta: {
    summary: "Send a piece of output to a call's caller; the claim holds 60 s more",
    answers: { 200: { description: "Sent on", body: shapes.deltaTaken } },
  },
  settleCall: {
    summary: "Answer a call, for good: a result that breaks the tool's schema settles it as failed",
    answers: { 200: { description: "Settled", body: shapes.callSettled } },
  },
  registerToolset: {
    summary: "Register a toolset, replace one, or (with its Lease-Token) amend or restore one",
    answers: {
      200: {
        description: "Amended: same epoch, health and token; calls in hand go on",
        body: shapes.toolsetRegistered,
        located: true,
      },
      201: {
        description:
          "A new registration, or one that the store had lost: unhealthy until its provider's first pong",
        body: shapes.toolsetRegistered,
        located: true,
      },
    },
  },
  listToolsets: {
    summary: "List toolsets by name, those under all the given tags",
    answers: { 200: { description: "Without their tools", body: shapes.toolsetList } },
  },
  searchToolsets: {
    summary: "Find toolsets by a part of their name, description or tags, in that order",
    answers: { 200: { description: "Nothing found is an empty list", body: shapes.toolsetList } },
  },
  toolsetEvents: {
    summary: "What happened to one toolset",
    answers: { 200: { description: LOG, body: shapes.entryEvents } },
  },
  getToolset: {
    summary: "Read one toolset, tools and schemas included",
    answers: { 200: { description: "The toolset", body: shapes.toolset } },
  },
  unregisterToolset: {
    summary: "Unregister a toolset; calls that wait for it fail",
    answers: { 204: { description: "Gone" } },
  },
} as const satisfies Documentation;
