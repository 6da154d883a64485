/** Runs one bundle under miniflare, in a process of its own. */
import { readFileSync } from "node:fs";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { serveParent } from "./child.ts";
import type { WorkerSpec } from "./worker.ts";

const { bundle, vars } = JSON.parse(readFileSync(process.env["SPEC"]!, "utf8")) as WorkerSpec;
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: bundle.modules.map(({ name, text }) => ({
      type: name.endsWith(".js") ? "ESModule" : "Text",
      path: name,
      contents: text,
    })),
    compatibilityDate: bundle.compatibilityDate,
    compatibilityFlags: bundle.compatibilityFlags,
    bindings: vars,
    durableObjects: Object.fromEntries(
      Object.entries(bundle.objects).map(([name, className]) => [name, { className, useSQLite: true }]),
    ),
    cf: false,
  }),
);
const url = await miniflare.ready;
serveParent({ url: url.origin }, () => miniflare.dispose());
