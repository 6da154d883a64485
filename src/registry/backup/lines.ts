import { type RegistrationInput, shownOrRegistration } from "../../core/agents/agent.ts";
import { check } from "../../core/check.ts";
import { invalid, Problem } from "../../core/problem.ts";
import { type BackupLine, backupLine, type KeptFields, keptFields } from "../../core/restoration.ts";
import { shownOrToolset, type ToolsetInput } from "../../core/toolsets/toolset.ts";

/** An agent of a backup. */
export interface BackedAgent {
  input: RegistrationInput & { id: string };
  kept: KeptFields;
}

export interface BackedToolset {
  input: ToolsetInput;
  kept: KeptFields;
}

/** A line that is to be restored, checked. */
export type Restorable =
  | ({ kind: "agent" } & BackedAgent)
  | ({ kind: "toolset" } & BackedToolset)
  | Extract<BackupLine, { kind: "drain" | "override" }>;

/**
 * @returns the line; undefined for one that nothing comes of; or the Problem `invalid_request`, whose pointers begin at the line
 * @throws {Problem} `invalid_request` for a backup in another format: what its other lines mean is not known
 */
export function readLine(value: unknown, number: number): Restorable | Problem | undefined {
  const line = check(backupLine, value);
  if (line instanceof Problem) {
    if (isHeader(value)) throw within(line, `/${number}`);
    return line;
  }
  switch (line.kind) {
    case "header":
    case "cursor":
    case "end":
      return undefined;
    case "agent":
      return agentIn(line.agent);
    case "toolset":
      return toolsetIn(line.toolset);
    case "drain":
    case "override":
      return line;
  }
}

const isHeader = (value: unknown): boolean => (value as { kind?: unknown } | null)?.kind === "header";

function agentIn(agent: unknown): Restorable | Problem {
  const input = check(shownOrRegistration, agent);
  const kept = check(keptFields, agent);
  for (const checked of [input, kept]) if (checked instanceof Problem) return within(checked, "/agent");
  const { id, ...fields } = input as RegistrationInput;
  if (id === undefined) return invalid([{ pointer: "/agent/id", detail: "is required" }]);
  return { kind: "agent", input: { ...fields, id }, kept: kept as KeptFields };
}

function toolsetIn(toolset: unknown): Restorable | Problem {
  const input = check(shownOrToolset, toolset);
  const kept = check(keptFields, toolset);
  for (const checked of [input, kept]) if (checked instanceof Problem) return within(checked, "/toolset");
  return { kind: "toolset", input: input as ToolsetInput, kept: kept as KeptFields };
}

/** The Problem `invalid_request` with its pointers at another place. */
export const within = ({ options: { errors = [] } }: Problem, place: string): Problem =>
  invalid(errors.map(({ pointer, detail }) => ({ pointer: place + pointer, detail })));
