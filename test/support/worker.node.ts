import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { freePort } from "./redis-server.node.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** The Worker as a deploy would upload it, running on this machine at an address that outlives a restart. */
export interface RunningWorker {
  url: string;
  /** Stops it, and starts it again with what was kept, or with nothing. */
  restart(keep: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** What a deploy would upload, the entry point first. What browsers load is in dist/assets then. */
export async function buildWorker() {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-bundle-"));
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const build = [wrangler, "deploy", "--dry-run", "--outdir", dir];
  await promisify(execFile)(process.execPath, build, { cwd: ROOT, env: { ...process.env, ...QUIET } });
  const scripts = (await readdir(dir)).filter((name) => /\.(js|lua)$/.test(name));
  const modules = scripts.map(async (path) => ({
    type: path.endsWith(".js") ? ("ESModule" as const) : ("Text" as const),
    path,
    contents: await readFile(join(dir, path), "utf8"),
  }));
  const bundle = (await Promise.all(modules)).toSorted((a, b) => a.type.localeCompare(b.type));
  await rm(dir, { recursive: true, force: true });
  return bundle;
}

export async function startWorker(
  modules: Awaited<ReturnType<typeof buildWorker>>,
  vars: Record<string, string>,
): Promise<RunningWorker> {
  const dir = await mkdtemp(join(tmpdir(), "rollcall-worker-"));
  const config = await readFile(join(ROOT, "wrangler.toml"), "utf8");
  const objects = [...config.matchAll(/name = "(\w+)"\nclass_name = "(\w+)"/g)];
  const port = await freePort();
  let generation = 0;

  const start = async () => {
    const worker = new Miniflare(
      convertV4MiniflareOptions({
        modules,
        port,
        compatibilityDate: /compatibility_date = "(.+)"/.exec(config)![1]!,
        compatibilityFlags: [/compatibility_flags = \["(.+)"\]/.exec(config)![1]!],
        bindings: vars,
        durableObjects: Object.fromEntries(
          objects.map(([, name, className]) => [name!, { className: className!, useSQLite: true }]),
        ),
        resourcePersistencePath: join(dir, `objects-${generation}`),
        cf: false,
        assets: { directory: join(ROOT, "dist/assets"), routerConfig: { has_user_worker: true } },
      }),
    );
    await worker.ready;
    return worker;
  };

  let running = await start();
  return {
    url: `http://127.0.0.1:${port}`,
    async restart(keep) {
      await running.dispose();
      if (!keep) generation += 1;
      running = await start();
    },
    async stop() {
      await running.dispose();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
