/** Builds the Worker as a deploy would, prints what it weighs compressed, and fails past the budget. */
import { BUNDLE_KIB_MAX, buildBundle } from "../bench/servers/bundle.ts";

const { gzipBytes } = await buildBundle("worker", "src/worker.ts");
const kib = gzipBytes / 1024;
console.log(`bundle: ${kib.toFixed(1)} KiB gzip, of ${BUNDLE_KIB_MAX} KiB allowed`);
if (kib > BUNDLE_KIB_MAX) process.exit(1);
