import { createHash } from "node:crypto";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/commands.ts";
import { createClient, ToolError, type ToolsetDefinition } from "../../src/client/index.ts";
import { type CliOptions, rollcall } from "../support/cli.node.ts";
import { activation } from "./cli/activation.ts";
import { backsUp } from "./cli/backup.ts";
import { completes } from "./cli/completion.ts";
import { events } from "./cli/events.ts";
import { failures } from "./cli/failures.ts";
import { actsOnAgents, actsOnServices } from "./cli/incident.ts";
import { managesKeys } from "./cli/keys.ts";
import { lists } from "./cli/lists.ts";
import { managesSubscriptions } from "./cli/subscriptions.ts";
import { type Opened, scout } from "./cli/opened.ts";
import { buildWorker, type RunningWorker, startWorker } from "../support/worker.node.ts";

const ESCAPE = "\u001B";

let worker: RunningWorker;
let dir: string;
beforeAll(async () => {
  worker = await startWorker(await buildWorker(), { ACCESS: "open" });
  dir = await mkdtemp(join(tmpdir(), "rollcall-cli-"));
});
afterAll(async () => {
  await worker.stop();
  await rm(dir, { recursive: true, force: true });
});

/** A namespace of its own for each test. */
function opened(): Opened {
  const ROLLCALL_NAMESPACE = crypto.randomUUID();
  const env = { ROLLCALL_URL: worker.url, ROLLCALL_NAMESPACE };
  return {
    url: worker.url,
    env,
    client: createClient({ url: worker.url, namespace: ROLLCALL_NAMESPACE }),
    rollcall: (argv: readonly string[], options: CliOptions = {}) =>
      rollcall(argv, { ...options, env: { ...env, ...options.env } }),
  };
}

const TEXT: ToolsetDefinition = {
  name: "text",
  description: "Small text tools",
  tags: ["demo"],
  tools: {
    upper: {
      payload_schema: { type: "object", required: ["text"] },
      result_schema: {},
      async handle({ text }: { text: string }, { delta }) {
        await delta("stdout", "working\n");
        if (text === "") throw new ToolError("invalid_arguments", "no text", { issues: [MISSING] });
        return text.toUpperCase();
      },
    },
  },
};
const MISSING = { field: "/text", constraint: "missing_field" };

actsOnAgents(opened);
actsOnServices(opened);
lists(opened);
events(opened);
failures(opened);
completes(opened);
activation(opened);
managesKeys(opened);
backsUp(opened);
managesSubscriptions(opened);

describe("register --file", () => {
  const entry = (i: number) => ({
    type: "skill",
    name: `skill-${i}`,
    activated: true,
    version: "1.2.0",
    path: `skills/${i}`,
  });
  const isBad = (i: number) => i % 100 === 42;
  const components = Array.from({ length: 1000 }, (_, i) =>
    isBad(i) ? { ...entry(i), name: "" } : entry(i),
  );

  it("registers 990 of 1,000, prints line and reason of the 10 bad ones, and exits with 1", async () => {
    const file = join(dir, "activation.json");
    const text = JSON.stringify({ generated: "2026", components }, null, 2);
    await writeFile(file, text);
    const { rollcall: run, client } = opened();
    const { code, out, err } = await run(["register", "--file", file]);
    expect(code).toBe(1);
    expect(out).toBe("990 created, 0 unchanged, 0 changed, 0 held, 0 removed, 0 skipped, 10 failed\n");
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(10);
    const [first] = lines;
    expect(first).toMatch(/^line \d+: component 42: \/name: /);
    const line = Number(/^line (\d+)/.exec(first!)![1]);
    const written = text.split("\n");
    expect([written[line - 1]!.trim(), written[line + 1]!.trim()]).toEqual(["{", '"name": "",']);
    expect(await client.stats()).toMatchObject({ total_components: 990 });
  });

  it("shows progress on a terminal, and none in a pipe", async () => {
    const { rollcall: run } = opened();
    const input = JSON.stringify({ components: components.slice(0, 200) });
    const piped = await run(["register", "--file", "-"], { input });
    expect(piped.err).not.toContain("█");
    expect(piped.err).not.toContain("\r");
    const shown = await run(["register", "--file", "-"], { input, isTTY: true });
    expect(shown.err).toContain("\r░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0/200");
    expect(shown.err).toContain("\r███████████████░░░░░░░░░░░░░░░ 100/200");
    expect(shown.err).toContain("\r██████████████████████████████ 200/200");
  });

  it("prints every result as JSON, with its line and its lease token", async () => {
    const { rollcall: run } = opened();
    const input =
      '[\n{"type":"skill","name":"a","activated":true},\n{"type":"skill","name":"b"}, {"type":1}]';
    const { code, out } = await run(["register", "--file", "-", "--json"], { input });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      created: 1,
      skipped: 1,
      failed: 1,
      results: [
        { index: 0, line: 2, id: "skill/a", outcome: "created", lease_token: expect.any(String) as string },
        { index: 1, line: 3, outcome: "skipped" },
        { index: 2, line: 3, status: 400, outcome: "failed", code: "invalid_request" },
      ],
    });
  });

  it("does again only what the file says otherwise, over all its parts, whatever its order", async () => {
    const { rollcall: run, client } = opened();
    const skill = (i: number) => ({ type: "skill", name: `s${100 + i}`, activated: true });
    const all = Array.from({ length: 120 }, (_, i) => skill(i));
    const bad = { type: "skill", name: "no id" };
    const register = (items: object[], ...options: string[]) =>
      run(["register", "--file", "-", ...options], { input: JSON.stringify(items.toReversed()) });
    const totals = async (items: object[], ...options: string[]) => {
      const answer = JSON.parse((await register(items, "--json", ...options)).out) as object;
      return Object.fromEntries(Object.entries(answer).filter(([, n]) => typeof n === "number" && n > 0));
    };
    const listed = async () => {
      const ids: string[] = [];
      for await (const { id } of client.agents.all()) ids.push(id);
      return ids;
    };
    expect(await totals([...all, { ...bad, activated: true }])).toEqual({ created: 120, failed: 1 });
    expect(await totals([...all, bad])).toEqual({ unchanged: 120, skipped: 1 });
    const joined = await client.agents.register({ id: "skill/s105", name: "s105", type: "skill" });
    const fewer = [...all.slice(0, 20), { ...skill(20), version: "2.0.0" }, ...all.slice(21, 40)];
    expect(await totals([...fewer, skill(0)])).toEqual({
      unchanged: 38,
      changed: 1,
      held: 1,
      removed: 80,
      failed: 1,
    });
    expect(await listed()).toEqual(fewer.map(({ name }) => `skill/${name}`));
    await client.agents.heartbeat("skill/s105", {}, { leaseToken: joined.lease_token });

    const { out } = await register([skill(5), skill(120)], "--dry-run");
    expect(out).toContain("skill/s220  created\n");
    expect(out).toContain("skill/s105  held      a process\n");
    expect(out).toContain("skill/s100  removed\n");
    expect(out).toContain("\n1 created, 0 unchanged, 0 changed, 1 held, 39 removed, 0 skipped, 0 failed\n");
    expect(await totals([skill(1)], "--source", "mine")).toEqual({ held: 1 });
    expect(await totals([])).toEqual({ removed: 39 });
    expect(await listed()).toEqual(["skill/s105"]);
  });

  it("removes more than one request may, and says of each what became of it", async () => {
    const { rollcall: run, client } = opened();
    const skills = Array.from({ length: 1100 }, (_, i) => ({
      type: "skill",
      name: `s${1000 + i}`,
      activated: true,
    }));
    await client.agents.import(skills.slice(0, 1000), { static: true, through: "skill/s1999" });
    await client.agents.import(skills.slice(1000), { static: true, after: "skill/s1999" });
    const input = JSON.stringify([...skills.slice(0, 2), { type: "skill", name: "s2050" }]);
    const { out } = await run(["register", "--file", "-"], { input });
    expect(out).toBe("0 created, 2 unchanged, 0 changed, 0 held, 1098 removed, 0 skipped, 0 failed\n");
  });

  it("takes the older registry's file where none is named, and its path as the source", async () => {
    const { client, env } = opened();
    await mkdir(join(dir, "config"), { recursive: true });
    const path = "config/component-activation-status.json";
    await writeFile(join(dir, path), JSON.stringify({ components: [entry(1)] }));
    const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
    const run = promisify(execFile);
    const options = { cwd: dir, env: { ...process.env, ...env } };
    await run(process.execPath, [main, "register"], options);
    expect(await client.agents.get("skill/skill-1")).toMatchObject({ source: path });
    const { stdout } = await run(process.execPath, [main, "register", "--file", `./${path}`], options);
    expect(stdout).toContain("1 unchanged");
  });

  it("registers without a lease that ends, unless --no-static is given", async () => {
    const { rollcall: run, client } = opened();
    const input = (name: string) => JSON.stringify([{ type: "skill", name, activated: true }]);
    await run(["register", "--file", "-"], { input: input("kept") });
    const lapsing = ["--source", "lapsing", "--no-static"];
    await run(["register", "--file", "-", ...lapsing], { input: input("lapsing") });
    expect((await client.agents.get("skill/kept")).expires_at).toBeNull();
    expect((await client.agents.get("skill/lapsing")).expires_at).not.toBeNull();
  });

  it.each([
    { input: "{", says: "the file is not JSON" },
    { input: '{"things":[]}', says: 'the file has no list "components"' },
  ])("says what is wrong with the file: $says", async ({ input, says }) => {
    const { code, err } = await opened().rollcall(["register", "--file", "-"], { input });
    expect(code).toBe(1);
    expect(err).toContain(says);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("register --name", () => {
  it("keeps one agent registered until Ctrl-C, then unregisters it and exits with 0", async () => {
    const { rollcall: run, client } = opened();
    const ending = new AbortController();
    const seen = Promise.withResolvers<void>();
    const running = run(
      [
        "register",
        "--name",
        "scout",
        "--id",
        "agent/scout",
        "--type",
        "research",
        "--capability",
        "a",
        "--capability",
        "b",
      ],
      { ending: ending.signal, onOut: () => seen.resolve() },
    );
    await seen.promise;
    const found = await client.agents.get("agent/scout");
    expect(found).toMatchObject({ type: "research", effective_status: "available" });
    expect(found.capabilities.map(({ name }) => name)).toEqual(["a", "b"]);
    ending.abort();
    const { code, out } = await running;
    expect(code).toBe(0);
    expect(out).toBe("agent/scout is registered\nagent/scout is unregistered\n");
    await expect(client.agents.get("agent/scout")).rejects.toMatchObject({ code: "agent_not_found" });
  });
});

describe("output for people", () => {
  it("lists agents by id, health as 0.00, load as a percentage", async () => {
    const { rollcall: run, client } = opened();
    await client.agents.register(scout);
    await client.agents.register({ id: "agent/atlas", name: "atlas", type: "worker", status: "busy" });
    const { code, out } = await run(["list"]);
    expect(code).toBe(0);
    expect(out.replaceAll(/ +(\d+ s ago)/g, "  $1").split("\n")).toEqual([
      "ID           TYPE      STATUS     HEALTH  LOAD  HEARD    CAPABILITIES",
      expect.stringMatching(/^agent\/atlas {2}worker {4}busy {7}1\.00 {4}0% {2}\d s ago$/),
      expect.stringMatching(
        /^agent\/scout {2}research {2}available {2}0\.90 {4}30% {2}\d s ago {2}web_search$/,
      ),
      "2 agents",
      "",
    ]);
    expect((await run(["list", "--type", "worker"])).out).not.toContain("scout");
    expect((await run(["list", "--status", "busy", "--status", "available"])).out).toContain("2 agents");
    expect((await run(["list", "--capability", "web_search", "--capability", "no"])).out).toBe("no agents\n");
  });

  it("finds the agents that can, and explains why others are left out", async () => {
    const { rollcall: run, client } = opened();
    await client.agents.register(scout);
    await client.agents.register({ ...scout, id: "agent/tired", health_score: 0.1 });
    expect((await run(["find", "web_search"])).out).toContain("1 of 2 agents");
    expect((await run(["find", "web_search", "--explain"])).out).toMatch(
      /agent\/tired {2}health {2}health score 0\.1 is below 0\.7/,
    );
    expect((await run(["find", "flying"])).out).toBe('no agent can do "flying" now; 0 agents could\n');
  });

  it("resolves a service, and explains why no provider can be used", async () => {
    const { rollcall: run, client } = opened();
    await client.agents.register({ ...scout, endpoint: "https://scout.example/" });
    const { out } = await run(["resolve", "llm"]);
    expect(out).toContain(
      "agent/scout https://scout.example/\n  NORMAL in group 0, fallback, for everyone\n  circuit closed",
    );
    expect((await run(["services"])).out).toMatch(
      /llm +everyone +agent\/scout +NORMAL +0 +fallback +closed +healthy\n1 offer\n$/,
    );
    await client.agents.drain("agent/scout");
    const none = await run(["resolve", "llm", "--explain"]);
    expect(none.code).toBe(6);
    expect(none.out).toContain("agent/scout");
    expect(none.err).toContain("None of the providers");
  });

  it("drains, sweeps, counts, and lists events", async () => {
    const { rollcall: run, client } = opened();
    await client.agents.register(scout);
    expect((await run(["drain", "agent/scout"])).out).toBe("agent/scout is to drain\n");
    expect((await run(["stats"])).out).toMatch(/agents +1\n.*draining +1/s);
    expect((await run(["drain", "agent/scout", "--cancel"])).out).toBe("agent/scout is to run\n");
    expect((await run(["sweep"])).out).toMatch(/^scanned +1 in/);
    expect((await run(["events"])).out).toMatch(/1 {2}registered +agent\/scout\n/);
  });

  it("lists toolsets, and calls a tool: output as it comes, then the result", async () => {
    const { rollcall: run, client } = opened();
    await using _ = await client.serveToolset(TEXT);
    expect((await run(["toolsets"])).out).toMatch(
      /text +1\.0\.0 +1 +healthy +0 s ago +demo +Small text tools\n1 toolset\n$/,
    );
    expect((await run(["toolsets", "small", "--healthy", "--tag", "demo"])).out).toContain("1 toolset");
    expect((await run(["toolsets", "large"])).out).toBe("no toolsets\n");
    const called = await run(["call", "text", "upper", "--payload", "-"], { input: '{"text":"hi"}' });
    expect(called).toEqual({ code: 0, out: '"HI"\n', err: "working\n" });
    const failed = await run(["call", "text", "upper", "--payload", '{"text":""}']);
    expect(failed).toMatchObject({ code: 1, out: "" });
    expect(failed.err).toContain("invalid_arguments: no text; /text: missing_field\n");
  });

  it("has colours only on a terminal, and not with NO_COLOR", async () => {
    const { rollcall: run, client } = opened();
    await client.agents.register(scout);
    expect((await run(["list"], { isTTY: true })).out).toContain(`${ESCAPE}[32mavailable`);
    expect((await run(["list"], { isTTY: true, env: { NO_COLOR: "1" } })).out).not.toContain(ESCAPE);
    for (const argv of [["list"], ["list", "--help"], ["--help"], ["nonsense"]]) {
      const { out, err } = await run(argv);
      expect(out + err).not.toContain(ESCAPE);
    }
  });

  it("replaces control characters in text from the registry", async () => {
    const { rollcall: run, client } = opened();
    await client.agents.register({ ...scout, type: "re\u202Esearch", capabilities: ["web\u200Fsearch"] });
    const { out } = await run(["list"]);
    expect(out).toContain("re\uFFFDsearch");
    expect(out).toContain("web\uFFFDsearch");
  });
});

describe("output for machines", () => {
  const asked: Record<string, string[]> = {
    stats: [],
    list: [],
    find: ["web_search"],
    resolve: ["llm"],
    services: [],
    toolsets: [],
    call: ["text", "upper", "--payload", '{"text":"hi"}'],
    sweep: [],
    drain: ["agent/scout"],
    "keys new": ["ci", "--scope", "read"],
    "keys create": ["ci", "--scope", "read"],
    "keys list": [],
    subscriptions: [],
    "subscriptions add": ["https://receiver.example/hooks"],
    whoami: [],
    events: ["--limit", "1"],
    get: ["agent/scout"],
    unregister: ["agent/scout"],
    capabilities: [],
    selections: ["llm"],
    priority: ["agent/scout", "HIGH"],
    check: [],
    "breakers reset": [],
    "toolsets show": ["text"],
    ready: [],
  };

  it.each(Object.entries(asked))("of %s is JSON", async (name, rest) => {
    const { rollcall: run, client } = opened();
    await client.agents.register(scout);
    await using _ = await client.serveToolset(TEXT);
    const { code, out } = await run([...name.split(" "), ...rest, "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toBeTypeOf("object");
  });

  it("is a new key alone, with the entry for API_KEYS on standard error", async () => {
    const { out, err } = await rollcall(["keys", "new", "ci", "--scope", "read", "--scope", "write"]);
    const key = out.trim();
    const entry = JSON.parse(err.trimEnd().split("\n").at(-1)!) as unknown;
    const sha256 = createHash("sha256").update(key).digest("hex");
    expect(entry).toEqual({ name: "ci", sha256, scopes: ["read", "write"], namespace: "default" });
  });
});

describe("a command line that makes no sense", () => {
  it.each([
    { argv: ["lsit"], says: 'there is no command "lsit"' },
    { argv: ["list", "--typ", "x"], says: "there is no option --typ" },
    { argv: ["list", "--type"], says: "--type needs a value" },
    { argv: ["list", "everything"], says: '"everything" is one word too many' },
    { argv: ["find"], says: "CAPABILITY" },
    { argv: ["find", "x", "--limit", "many"], says: "--limit needs a number" },
    { argv: ["list", "--url", "a b"], says: '"a b" is not an http or https URL' },
    { argv: ["list", "--limit", "0"], says: "--limit is a whole number, 1 or more" },
    { argv: ["list", "--sort", "beauty"], says: "--sort is one of id, type" },
    { argv: ["list", "--order", "up"], says: "--order is asc or desc" },
    { argv: ["events", "--since", "10"], says: '"10" is no time' },
    { argv: ["events", "--since", "10x"], says: '"10x" is no time' },
    { argv: ["events", "--since", "-5m"], says: '"-5m" is no time' },
    { argv: ["events", "--since", "2026-13-01"], says: '"2026-13-01" is no time' },
    { argv: ["keys"], says: "`rollcall keys new`" },
    { argv: ["help", "lsit"], says: 'there is no command "lsit"' },
    { argv: ["register"], says: "there is no config/component-activation-status.json here: give --file" },
    { argv: ["register", "--name", "a", "--file", "b"], says: "give --file, or --name" },
    { argv: ["register", "--name", "a", "--dry-run"], says: "--source and --dry-run are for a file" },
    { argv: ["keys", "create", "x", "--scope", "read", "--expires", "soon"], says: '"soon" is no span' },
    { argv: ["keys", "new", "x", "--scope", "root"], says: '"root" is no scope' },
    { argv: ["call", "text", "upper", "--payload", "{"], says: "--payload is not JSON" },
    { argv: ["call", "text"], says: "TOOL" },
    { argv: ["completion", "tcsh"], says: "completion is for bash, zsh, fish" },
  ])("$argv: $says", async ({ argv, says }) => {
    const { code, out, err } = await opened().rollcall(argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(says);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("a refusal of the registry", () => {
  it.each([
    { argv: ["list", "--url", "http://127.0.0.1:1"], says: "start one with `rollcall dev`" },
    { argv: ["drain", "nobody"], says: 'No live agent has the id "nobody"' },
    { argv: ["call", "nothing", "at-all"], says: "`rollcall toolsets` lists them" },
    { argv: ["resolve", "nothing"], says: 'No agent offers "nothing"' },
    { argv: ["find", "x", "--limit", "0"], says: "/limit" },
  ])("$argv: is one line, with what to do", async ({ argv, says }) => {
    const { out, err } = await opened().rollcall(argv);
    expect(out).toBe("");
    expect(err).toContain(says);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("help", () => {
  it.each(Object.keys(COMMANDS))("%s has help, with examples that make sense", async (name) => {
    const { code, out } = await rollcall([...name.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(await rollcall(["help", ...name.split(" ")])).toEqual({ code, out, err: "" });
    expect(out).toContain("EXAMPLES");
    for (const example of COMMANDS[name]!.examples) {
      expect(out).toContain(`rollcall ${example}`);
      expect(example.startsWith(name)).toBe(true);
    }
  });
});
