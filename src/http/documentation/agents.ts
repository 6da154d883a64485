import * as shapes from "../answers/index.ts";
import { type Documentation, LOG } from "./documentation.ts";

export const AGENTS = {
  listAgents: {
    summary: "List live agents in id order, unreachable ones included",
    answers: { 200: { description: "A page; next_cursor is null at the end", body: shapes.agentPage } },
  },
  getAgent: {
    summary: "Read one agent",
    answers: { 200: { description: "The agent", body: shapes.agent } },
  },
  unregisterAgent: {
    summary: "Unregister an agent",
    answers: { 204: { description: "Gone" } },
  },
  unregisterAgents: {
    summary:
      "Unregister all agents whose ids begin with a prefix, up to 1,000 a call; only tells which, unless dry_run=false",
    answers: {
      200: {
        description: "Who is gone, or would be; next_cursor is null at the end",
        body: shapes.prefixRemoved,
      },
    },
  },
  discover: {
    summary: "Who can do this, now? Least loaded first",
    answers: {
      200: { description: "Those who can, best first; nobody is an empty list", body: shapes.discovered },
    },
  },
  drainAgent: {
    summary: "Take an agent out of selection at once, and ask it to drain",
    answers: {
      200: {
        description: "Draining, until it is cancelled or the agent is unregistered or reaped",
        body: shapes.drainAnswer,
      },
    },
  },
  agentEvents: {
    summary: "What happened to one agent, and how reachable it was in the last 24 h",
    answers: { 200: { description: LOG, body: shapes.agentEvents } },
  },
  cancelDrain: {
    summary: "Take the request to drain back",
    answers: { 200: { description: "Running again", body: shapes.drainAnswer } },
  },
  heartbeat: {
    summary: "Call in: renew the lease, and say what has changed",
    answers: { 200: { description: "Heard", body: shapes.heartbeatAnswer } },
  },
  heartbeats: {
    summary: "Call in for many agents at once; each item has a result of its own",
    answers: { 200: { description: "One result per item, in order", body: shapes.heartbeatResults } },
  },
  importAgents: {
    summary:
      "Make what a source has registered what its activation file says; each component has a result of its own",
    answers: {
      200: {
        description: "One result per component, in order, then one per id that only an earlier import had",
        body: shapes.importResults,
      },
    },
  },
  openPresence: {
    summary: "Hold the lease by a WebSocket, in place of heartbeats: it lasts while the agent pings on it",
    answers: { 101: { description: "Held. Drains come on the socket, and reports are sent on it" } },
  },
  registerAgent: {
    summary: "Register an agent, replace one, or (with its Lease-Token) renew or restore one",
    answers: {
      200: {
        description: "Renewed: a new token only where the terms changed",
        body: shapes.registered,
        located: true,
      },
      201: {
        description: "Created, replaced with a new epoch, or restored: the store had lost it",
        body: shapes.registered,
        located: true,
      },
    },
  },
  listCapabilities: {
    summary: "What can be done, and by how many live agents",
    answers: {
      200: { description: "A page, by name; next_cursor is null at the end", body: shapes.capabilityList },
    },
  },
  stats: {
    summary: "How many agents, of which types, in which states",
    answers: { 200: { description: "Counts of live agents", body: shapes.stats } },
  },
  watchAgents: {
    summary:
      "The agents of which something changed after a cursor, as they are now; waits, or streams events",
    answers: {
      200: {
        description:
          "resync: read the list, then go on with since=cursor. With Accept: text/event-stream the same as events",
        body: shapes.agentChanges,
        orStream: true,
      },
    },
  },
} as const satisfies Documentation;
