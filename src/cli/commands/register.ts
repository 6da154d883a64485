import { readFile } from "node:fs/promises";
import { normalize, sep } from "node:path";
import type { JoinedAgent, Registration } from "../../client/index.ts";
import { UsageError } from "../usage-error.ts";
import { command, type Session } from "../command.ts";
import type { Io } from "../io.ts";
import { type Imported, importFile, reasonOf } from "../import.ts";
import { visible } from "../table.ts";
import { agentTypes, capabilityNames } from "../values.ts";

/** Where the registry whose format it is looks for its file. */
const FILE = "config/component-activation-status.json";

const ARGS = {
  file: {
    type: "string",
    description: `Make what is registered what this activation file says (${FILE}; - for standard input)`,
  },
  source: {
    type: "string",
    description: "With a file: what the import is called, and found again by (the file's path)",
  },
  "dry-run": { type: "boolean", description: "With a file: say what would be done, and do nothing" },
  static: {
    type: "boolean",
    default: true,
    description: "With a file: without heartbeats, until a file no longer activates them",
    negativeDescription: "With a file: they lapse without heartbeats",
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
    "register",
    "register --file skills.json --source skills --dry-run",
    "register --name scout --type research --capability web_search --capability summarise",
    "register --name scout --id agent/scout --endpoint https://scout.example --ttl 60 --interval 20",
  ],
  args: ARGS,
  async run(session) {
    const { file, name, source } = session.args;
    if (name === undefined) return registerFile(session);
    if (file !== undefined) throw new UsageError("give --file, or --name for one agent");
    if (source !== undefined || session.args["dry-run"] === true)
      throw new UsageError("--source and --dry-run are for a file");
    return registerAgent(session, name);
  },
});

async function registerFile(session: Session<typeof ARGS>): Promise<number> {
  const { args, client, io, json, answer, table } = session;
  const text = await readText(args.file, io);
  const isDryRun = args["dry-run"] === true;
  const source = args.source ?? sourceOf(args.file ?? FILE);
  const results = await importFile(client, text, { isStatic: args.static, source, isDryRun, json }, io);
  const totals = { created: 0, unchanged: 0, changed: 0, held: 0, removed: 0, skipped: 0, failed: 0 };
  for (const { outcome } of results) totals[outcome] += 1;
  const said = Object.entries(totals).map(([outcome, count]) => `${count} ${outcome}`);
  const summary = `${said.join(", ")}\n`;
  answer({ ...totals, dry_run: isDryRun, results }, () =>
    isDryRun ? `${table(["ID", "WOULD BE", "HELD BY"], toTell(results))}${summary}` : summary,
  );
  const failed = results.filter(({ outcome }) => outcome === "failed");
  if (!json) for (const result of failed) io.err.write(`${reasonOf(result)}\n`);
  return failed.length > 0 ? 1 : 0;
}

async function readText(file: string | undefined, io: Io): Promise<string> {
  if (file === "-") return io.readInput();
  try {
    return await readFile(file ?? FILE, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (file !== undefined || !isMissing) throw error;
    throw new UsageError(`there is no ${FILE} here: give --file, or --name for one agent`, { cause: error });
  }
}

/** The same however a path is written; undefined for standard input, which has no name. */
const sourceOf = (file: string): string | undefined =>
  file === "-" ? undefined : normalize(file).replaceAll(sep, "/");

/** What an import would do, without what stays as it is. */
const toTell = (results: readonly Imported[]): string[][] =>
  results
    .filter(({ outcome }) => outcome !== "unchanged" && outcome !== "skipped" && outcome !== "failed")
    .map(({ id, outcome, source = "a process" }) => [id ?? "", outcome, outcome === "held" ? source : ""]);

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
