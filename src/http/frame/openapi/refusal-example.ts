import { invalid, Problem, type ProblemCode, PROBLEMS } from "../../../core/problem.ts";
import { DIALECTS } from "../dialects.ts";
import type { Dialect } from "../endpoint.ts";

const SENT = {
  requestId: "7c1a54b2-1d0e-4f6b-9a3c-5e8f0d2b6a41",
  origin: "https://rollcall.example",
  sentKey: false,
};

/** What a refusal by `code` is in an endpoint's dialect: made as it would be sent. */
export function refusalExample(code: ProblemCode, dialect: Dialect): unknown {
  const problem =
    code === "invalid_request"
      ? invalid([{ pointer: "/name", detail: "is required" }])
      : new Problem(code, `${PROBLEMS[code].title}.`);
  return JSON.parse(DIALECTS[dialect].refuse(problem, SENT).body ?? "null");
}
