import { RollcallError } from "../client/index.ts";
import { UsageError } from "./usage-error.ts";

/** What the exit code of a command means. */
export const EXIT = {
  done: 0,
  /** Any other failure: a tool's, one component's of many, a file's. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  notFound: 3,
  /** The registry took the request and refused it. */
  refused: 4,
  /** The registry or its store did not answer: the same command may succeed later. */
  unavailable: 5,
  /** The registry answered that nobody can do it now. */
  nobody: 6,
} as const;

const NOBODY: ReadonlySet<string> = new Set([
  "no_provider_available",
  "services_not_ready",
  "toolset_unhealthy",
]);

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof RollcallError)) return EXIT.failed;
  const { code, status, transient } = error;
  if (NOBODY.has(code)) return EXIT.nobody;
  if (transient || code === "unexpected_answer") return EXIT.unavailable;
  return status === 404 ? EXIT.notFound : EXIT.refused;
}
