#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import type { Output } from "./io.ts";
import { run } from "./run.ts";

const ending = new AbortController();
// Once, so that a second Ctrl-C ends the program at once.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());
// A reader that closes the pipe early, such as `head`, ends the program without an error.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1));

const output = (stream: NodeJS.WriteStream): Output => ({
  write: (what) => stream.write(what),
  isTTY: stream.isTTY,
  // Changes when a window does.
  get columns() {
    return stream.isTTY ? stream.columns : undefined;
  },
  get rows() {
    return stream.isTTY ? stream.rows : undefined;
  },
});
process.exitCode = await run(process.argv.slice(2), {
  out: output(process.stdout),
  err: output(process.stderr),
  env: process.env,
  readInput: () => text(process.stdin),
  ending: ending.signal,
  wait: (ms) => setTimeout(ms, undefined, { signal: ending.signal }).catch(() => {}),
  now: () => Date.now(),
});
