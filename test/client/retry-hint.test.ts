import { expect, it } from "vitest";
import { RollcallError } from "../../src/client/problem.ts";
import { retryHint } from "../../src/client/retry-hint.ts";
import { ToolError } from "../../src/client/tool-error.ts";

const tool = (code: string, issues: { field: string; constraint: string }[] = []) =>
  new ToolError(code, "failed", { issues });
const issue = { field: "/limit", constraint: "must be at most 10" };
const missing = (field: string) => ({ field, constraint: "missing_field" });

it.each([
  { error: tool("timeout"), hint: { reason: "timeout", newToolCallId: true } },
  {
    error: tool("invalid_input", [issue]),
    hint: { reason: "invalid_arguments", issues: [issue], newToolCallId: true },
  },
  {
    error: tool("invalid_arguments", [issue]),
    hint: { reason: "invalid_arguments", issues: [issue], newToolCallId: true },
  },
  {
    error: tool("invalid_arguments", [issue, missing("city"), missing("date")]),
    hint: {
      reason: "missing_fields",
      fields: ["city", "date"],
      question: "What should city and date be?",
      newToolCallId: true,
    },
  },
  { error: tool("unavailable"), hint: { reason: "tool_unavailable", afterMs: 1000, newToolCallId: true } },
  {
    error: tool("stale_registration"),
    hint: { reason: "tool_unavailable", afterMs: 1000, newToolCallId: true },
  },
  { error: tool("execution_failed"), hint: undefined },
  { error: tool("invalid_result"), hint: undefined },
  {
    error: new RollcallError("invalid_request", "no", {
      status: 400,
      errors: [{ pointer: "/payload/limit", detail: "too many" }],
    }),
    hint: { reason: "invalid_arguments", issues: [{ field: "/limit", constraint: "too many" }] },
  },
  {
    error: new RollcallError("toolset_unhealthy", "no", { status: 503, retryAfterMs: 10_000 }),
    hint: { reason: "tool_unavailable", afterMs: 10_000 },
  },
  { error: new RollcallError("timeout", "no"), hint: { reason: "timeout" } },
  { error: new RollcallError("tool_not_found", "no", { status: 404 }), hint: undefined },
  { error: new Error("mine"), hint: undefined },
])("$error.code leads to $hint.reason", ({ error, hint }) => {
  expect(retryHint(error)).toEqual(hint);
});
