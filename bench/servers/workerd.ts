import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { endWithUs } from "./end-with-us.ts";
import type { RunningWorker, WorkerSpec } from "./worker.ts";

/** The path of the binary that wrangler and miniflare run too. */
const { default: WORKERD } = createRequire(import.meta.url)("workerd") as { default: string };

export interface RunningWorkerd extends RunningWorker {
  /** Kills it and starts it anew at the same address, with what its objects had on disk. Its pid is another then. */
  restart(): Promise<void>;
}

/** Runs a bundle under plain `workerd serve`, without miniflare in between. */
export async function startWorkerd(spec: WorkerSpec, flags: readonly string[] = []): Promise<RunningWorkerd> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-workerd-"));
  await mkdir(join(dir, "objects"));
  await writeFile(join(dir, "config.capnp"), configOf(spec, join(dir, "objects")));
  for (const { name, text } of spec.bundle.modules) await writeFile(join(dir, name), text);

  const start = (...more: readonly string[]) =>
    endWithUs(
      spawn(WORKERD, ["serve", "config.capnp", "--control-fd=3", ...flags, ...more], {
        cwd: dir,
        stdio: ["ignore", "ignore", "inherit", "pipe"],
      }),
    );
  let child = start();
  const port = await listening(child.stdio[3] as Readable);
  const kill = async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  return {
    runtime: "workerd",
    url: `http://127.0.0.1:${port}`,
    get pid() {
      return child.pid!;
    },
    async restart() {
      await kill();
      child = start(`--socket-addr=http=127.0.0.1:${port}`);
      await listening(child.stdio[3] as Readable);
    },
    async stop() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Reads from the control pipe on which port workerd listens. */
async function listening(control: Readable): Promise<number> {
  let told = "";
  for await (const chunk of control) {
    told += String(chunk);
    for (const line of told.split("\n").slice(0, -1)) {
      const { event, port } = JSON.parse(line) as { event: string; port?: number };
      if (event === "listen" && port !== undefined) return port;
    }
  }
  throw new Error("workerd ended before it listened");
}

function configOf({ bundle, vars }: WorkerSpec, objectsDir: string): string {
  const quote = (text: string) => JSON.stringify(text);
  const modules = bundle.modules.map(
    ({ name }) =>
      `(name = ${quote(name)}, ${name.endsWith(".js") ? "esModule" : "text"} = embed ${quote(name)})`,
  );
  const bindings = [
    ...Object.entries(vars).map(([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`),
    ...Object.entries(bundle.objects).map(
      ([name, className]) => `(name = ${quote(name)}, durableObjectNamespace = ${quote(className)})`,
    ),
  ];
  const namespaces = Object.values(bundle.objects).map(
    (name) => `(className = ${quote(name)}, uniqueKey = ${quote(`bench-${name}`)}, enableSql = true)`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "disk", disk = (path = ${quote(objectsDir)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  compatibilityDate = ${quote(bundle.compatibilityDate)},
  compatibilityFlags = [${bundle.compatibilityFlags.map(quote).join(", ")}],
  modules = [${modules.join(", ")}],
  bindings = [${bindings.join(", ")}],
  durableObjectNamespaces = [${namespaces.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}
