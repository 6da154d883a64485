import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../support/redis-server.node.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SUPPORT = join(ROOT, "test/support");
const exec = promisify(execFile);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "rollcall-package-"));
  await exec(process.execPath, [join(ROOT, "scripts/package.ts")], { cwd: ROOT });
  // Its dependencies come from here too, so that nothing has to be downloaded.
  const parts = ["dist/npm", "node_modules/citty"].map((part) => join(ROOT, part));
  await exec("npm", ["pack", "--ignore-scripts", "--pack-destination", dir, ...parts], { cwd: dir });
  const tarballs = (await readdir(dir))
    .filter((name) => name.endsWith(".tgz"))
    .map((name) => join(dir, name));
  await exec("npm", ["install", "--offline", "--no-fund", "--no-audit", ...tarballs], { cwd: dir });
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** This project's Node, and the machine's own, which usually is older. */
const NODES = [
  process.execPath,
  ...(process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((path) => !path.includes("node_modules"))
    .map((path) => join(path, "node")),
];

it("installs into an empty folder, without the server's toolchain", async () => {
  const installed = (await readdir(join(dir, "node_modules"))).filter((name) => !name.startsWith("."));
  expect(installed.toSorted()).toEqual(["citty", "rollcall"]);
  const files = await readdir(join(dir, "node_modules/rollcall/lib"), { recursive: true });
  expect(files.filter((name) => /^(core|http)\/.*\.ts$/.test(name))).toEqual(["core/problem.d.ts"]);
  expect(files.filter((name) => /^(core|http)\/.*\.js$/.test(name))).toEqual([]);
});

it("runs on the Node of this machine: the client, and the command line", async () => {
  const program = join(dir, "program.mjs");
  await writeFile(
    program,
    `import { createClient } from "rollcall";
    console.log(await createClient({ url: "http://127.0.0.1:1" }).stats().catch(({ code }) => code));`,
  );
  const { version } = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as { version: string };
  const ran: string[] = [];
  for (const node of NODES) {
    const client = await exec(node, [program], { cwd: dir }).catch(() => undefined);
    if (!client) continue;
    expect(client.stdout).toBe("network\n");
    const main = join(dir, "node_modules/rollcall/lib/cli/main.js");
    expect((await exec(node, [main, "--version"])).stdout).toBe(`${version}\n`);
    ran.push(node);
  }
  expect(ran).toContain(process.execPath);
});

it("is a registry in the process, or says which Node that needs", async () => {
  await copyFile(join(SUPPORT, "local-round.mjs"), join(dir, "local-round.mjs"));
  const said: string[] = [];
  for (const node of NODES) {
    const round = await exec(node, ["local-round.mjs"], { cwd: dir }).catch(() => undefined);
    if (round) said.push(round.stdout);
  }
  for (const line of said)
    expect(line).toMatch(
      /: found a and got HI, in this process\n$|^rollcall\/local needs Node\.js 22\.13 or newer/,
    );
  expect(said).toContain(`${process.version}: found a and got HI, in this process\n`);
});

it("says how to install the MCP client, which only the bridge needs", async () => {
  const main = join(dir, "node_modules/rollcall/lib/cli/main.js");
  const bridge = exec(process.execPath, [main, "bridge", "files", "--", "node"], { cwd: dir });
  const { stderr } = await bridge.catch((error: { stderr: string }) => error);
  const [, version] = /npm install @modelcontextprotocol\/client@(\S+)\n$/.exec(stderr)!;
  const manifest = JSON.parse(await readFile(join(dir, "node_modules/rollcall/package.json"), "utf8")) as {
    peerDependencies: Record<string, string>;
  };
  expect(manifest.peerDependencies).toEqual({ "@modelcontextprotocol/client": version });
});

/** What the compiler finds wrong with programs, by their names, that use the installed package, and zod besides. */
async function typeErrors(programs: Record<string, string>, ...options: string[]): Promise<string> {
  const folder = await mkdtemp(join(dir, "programs-"));
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await mkdir(join(folder, "node_modules"));
  for (const name of ["zod", "standardwebhooks"])
    await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name));
  for (const [name, text] of Object.entries(programs)) await writeFile(join(folder, name), text);
  const strict = "--noEmit --strict --module nodenext --target es2024 --lib es2024,esnext.disposable,dom";
  const tsc = [join(ROOT, "node_modules/typescript/bin/tsc"), ...strict.split(" "), ...options];
  const { stdout } = await exec(process.execPath, [...tsc, ...Object.keys(programs)], { cwd: folder }).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

it("has the types of the server's schemas, without the schemas", async () => {
  const program = `import type * as Published from "../node_modules/rollcall/lib/client/wire.js";
    import type * as Schemas from ${JSON.stringify(join(ROOT, "src/client/wire.ts"))};
    type Differing<A, B extends { [Name in keyof A]: unknown }> = {
      [Name in keyof A]: [A[Name], B[Name]] extends [B[Name], A[Name]] ? never : Name;
    }[keyof A];
    const none: never = null! as
      | Differing<Schemas.Answers, Published.Answers>
      | Differing<Schemas.Inputs, Published.Inputs>
      | Differing<Schemas.Priorities, Published.Priorities>;
    `;
  const ours = [
    "--allowImportingTsExtensions",
    "--exactOptionalPropertyTypes",
    "--skipLibCheck",
    "--types",
    "",
  ];
  expect(await typeErrors({ "wire.ts": program }, ...ours)).toBe("");
});

it("has types for what it takes and returns", async () => {
  const program = `import { type AgentRecord, createClient, RollcallError } from "rollcall";
    import { type LocalRegistry, localRegistry } from "rollcall/local";
    import * as z from "zod";
    const registry = createClient({ url: "http://127.0.0.1:1" });
    const agent = await registry.join({ name: "a", type: "b", capabilities: ["x", { name: "y" }] });
    agent.status = "busy";
    // @ts-expect-error: no such status
    agent.status = "nonsense";
    const [found]: AgentRecord[] = (await registry.discover({ capability: "x" })).agents;
    // @ts-expect-error: it is text
    const id: number = found!.id;
    // @ts-expect-error: no such code
    if (new RollcallError("network", String(id)).code === "nonsense") await agent.leave();
    const local: LocalRegistry = localRegistry({ env: { AGENT_TTL_SECONDS: "60" } });
    await createClient(local).stats();
    // @ts-expect-error: variables are text
    localRegistry({ env: { AGENT_TTL_SECONDS: 60 } });

    const { provider, selection_id } = await registry.services.resolve("llm");
    await registry.services.report({ service: "llm", provider_id: provider.id, selection_id, success: true });

    const served = await registry.serveToolset({
      name: "text",
      tools: {
        plain: { payload_schema: { type: "object" }, handle: ({ text }) => text.toUpperCase() },
        typed: {
          payload_schema: z.object({ text: z.string(), times: z.string().transform(Number) }),
          result_schema: z.string(),
          handle: ({ text, times }, { signal }) => (signal.aborted ? "" : text.repeat(times)),
        },
        // @ts-expect-error: it is text
        wrong: { payload_schema: z.object({ text: z.string() }), handle: ({ text }: { text: number }) => text },
      },
    });
    await served.amend({
      // @ts-expect-error: it has no such property
      tools: { typed: { inputSchema: z.object({ text: z.string() }), handle: ({ other }) => other } },
    });
    `;
  expect(await typeErrors({ "program.ts": program }, "--types", "")).toBe("");
});

/** The programs in a document. A fence goes on where the one before ended, unless it imports the client anew. */
function programsIn(text: string): string[] {
  const programs: string[] = [];
  for (const [, fence] of text.matchAll(/^```(?:js|ts)\n(.*?)^```$/gms)) {
    if (/^import .*\bcreateClient\b/m.test(fence!)) programs.push(fence!);
    else programs.push(`${programs.pop() ?? ""}${fence}`);
  }
  return programs;
}

it("compiles every program of the documents under strict", async () => {
  const documents = ["README.md", "src/client/README.md", ...globSync("docs/*.md", { cwd: ROOT })];
  const programs: Record<string, string> = {};
  for (const name of documents) {
    const found = programsIn(await readFile(join(ROOT, name), "utf8"));
    for (const [nth, program] of found.entries())
      programs[`${name.replaceAll("/", "-")}-${nth}.ts`] = program;
  }
  expect(Object.keys(programs)).toEqual(
    expect.arrayContaining(["README.md-0.ts", "src-client-README.md-0.ts"]),
  );
  const node = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
  expect(await typeErrors(programs, ...node, "--skipLibCheck")).toBe("");
});

/** A folder that has the MCP client besides, which the package asks for only where there is a bridge. */
async function withMcpClient() {
  const folder = await mkdtemp(join(tmpdir(), "rollcall-package-"));
  const modules = join(folder, "node_modules");
  await cp(join(dir, "node_modules"), modules, { recursive: true });
  await symlink(join(ROOT, "node_modules/@modelcontextprotocol"), join(modules, "@modelcontextprotocol"));
  return { dir: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** The installed Worker, served as `rollcall dev` does but by the wrangler that is here. */
async function served() {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const config = join(dir, "node_modules/rollcall/worker/wrangler.json");
  const port = String(await freePort());
  const child = spawn(
    process.execPath,
    [wrangler, "dev", "--config", config, "--port", port, "--var", "ACCESS:open", "--log-level=info"],
    {
      cwd: dir,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: "false" },
    },
  );
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes("Ready on")) break;
  }
  return {
    url: `http://localhost:${port}`,
    said,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

it("serves its pages with all that they load, takes an agent, and puts an MCP server behind it", async () => {
  await using registry = await served();
  expect(registry.said).toContain("Ready on");
  await using bridging = await withMcpClient();
  const script = join(bridging.dir, "package-round.mjs");
  await copyFile(join(SUPPORT, "package-round.mjs"), script);
  const server = join(SUPPORT, "stdio-mcp-server.mjs");
  const { stdout } = await exec(process.execPath, [script, registry.url, server]);
  expect(JSON.parse(stdout)).toEqual({
    node: process.version,
    loaded: expect.arrayContaining([expect.stringMatching(/\.css$/), expect.stringMatching(/\.js$/)]),
    found: ["a"],
    result: { text: "hi" },
  });
});

it("says under which licence it is, and what changed", async () => {
  const files = await readdir(join(dir, "node_modules/rollcall"));
  expect(files).toEqual(expect.arrayContaining(["LICENSE", "CHANGELOG.md", "README.md"]));
});
