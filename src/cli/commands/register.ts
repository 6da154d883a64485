import { readFile } from "node:fs/promises";
import type { JoinedAgent, Registration } from "../../client/index.ts";
import { UsageError } from "../usage-error.ts";
import { command, type Session } from "../command.ts";
import { importFile, reasonOf } from "../import.ts";
import { visible } from "../table.ts";
import { agentTypes, capabilityNames } from "../values.ts";

const ARGS = {
  file: {
    type: "string",
    description: "Register the components of this activation file (- for standard input)",
  },
  static: {
    type: "boolean",
    default: true,
    description: "With --file: without heartbeats, until they are unregistered",
    negativeDescription: "With --file: they lapse without heartbeats",
  },
  name: {
    type: "string",
    description: "Register one agent of this name, and send its heartbeats until Ctrl-C",
  },
  type: { type: "string", description: "Its type (agent)", values: agentTypes },
  id: { type: "string", description: "Its id (a new one)" },
  capability: {
    type: "string",
    description: "What it can do; repeat it for several",
    values: capabilityNames,
  },
  tag: { type: "string", description: "A tag; repeat it for several" },
  endpoint: { type: "string", description: "The URL where it is reached" },
  "max-concurrency": { type: "string", description: "How much work it takes at once (10)" },
  "ttl-seconds": {
    type: "string",
    alias: "ttl",
    description: "How long it stays registered after its last heartbeat (300)",
  },
  "heartbeat-interval-seconds": {
    type: "string",
    alias: "interval",
    description: "How often it sends a heartbeat (30)",
  },
} as const;

export const register = command({
  description: "Register an activation file, or one agent that stays until Ctrl-C",
  examples: [
    "register --file config/component-activation-status.json",
    "register --name scout --type research --capability web_search --capability summarise",
    "register --name scout --id agent/scout --endpoint https://scout.example --ttl 60 --interval 20",
  ],
  args: ARGS,
  async run(session) {
    const { file, name } = session.args;
    if ((file === undefined) === (name === undefined))
      throw new UsageError("give --file, or --name for one agent");
    return file === undefined ? registerAgent(session, name!) : registerFile(session, file);
  },
});

async function registerFile(
  { args, client, io, json, answer }: Session<typeof ARGS>,
  file: string,
): Promise<number> {
  const text = file === "-" ? await io.readInput() : await readFile(file, "utf8");
  const results = await importFile(client, text, args.static, io);
  const failed = results.filter(({ status }) => status >= 400);
  const skipped = results.filter(({ outcome }) => outcome === "skipped").length;
  const registered = results.length - failed.length - skipped;
  answer(
    { registered, skipped, failed: failed.length, results },
    () => `${registered} registered, ${skipped} skipped, ${failed.length} failed\n`,
  );
  if (!json) for (const result of failed) io.err.write(`${reasonOf(result)}\n`);
  return failed.length > 0 ? 1 : 0;
}

async function registerAgent(session: Session<typeof ARGS>, name: string): Promise<number> {
  const { args, all, number, client, io, url, json } = session;
  const report = (text: string, value: Record<string, unknown>) =>
    io.out.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
  const maxConcurrency = number("max-concurrency");
  const registration: Registration = {
    name,
    type: args.type ?? "agent",
    id: args.id,
    capabilities: all("capability"),
    tags: all("tag"),
    endpoint: args.endpoint,
    ttl_seconds: number("ttl-seconds"),
    heartbeat_interval_seconds: number("heartbeat-interval-seconds"),
    ...(maxConcurrency !== undefined && { max_concurrency: maxConcurrency }),
  };
  const onChange = ({ id, state, desiredState }: JoinedAgent) => {
    if (state === "ended") return;
    const text = {
      joined: desiredState === "drain" ? "is to drain" : "is registered",
      absent: "is no longer known, and registers again",
    }[state];
    report(`${visible(id)} ${text}`, { agent_id: id, state, desired_state: desiredState });
  };
  const agent = await client.join(registration, { signal: io.ending, leaveOn: [], onChange });
  if (!json) io.err.write(`sending heartbeats to ${url}; Ctrl-C unregisters\n`);
  const { reason, error } = await agent.ended;
  report(`${visible(agent.id)} ${reason === "left" ? "is unregistered" : "has ended"}`, {
    agent_id: agent.id,
    state: "ended",
    reason,
  });
  if (error) throw error;
  return 0;
}
