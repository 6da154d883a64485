#!/usr/bin/env node
import { text } from "node:stream/consumers";
import type { Output } from "./io.ts";
import { run } from "./run.ts";

const ending = new AbortController();
// Once: whoever presses Ctrl-C twice means it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => ending.abort());
// A reader that has seen enough, as `head` has, ends the program and is no error.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1));

const output = (stream: NodeJS.WriteStream): Output => ({
  write: (what) => stream.write(what),
  isTTY: stream.isTTY,
});
process.exitCode = await run(process.argv.slice(2), {
  out: output(process.stdout),
  err: output(process.stderr),
  env: process.env,
  readInput: () => text(process.stdin),
  ending: ending.signal,
});
