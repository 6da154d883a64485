import type * as z from "zod";

/** What an operation may answer with one status. */
export interface AnswerSpec {
  description: string;
  /** Absent: no JSON body. */
  body?: z.ZodType;
  /** The schema of each line, where the body is a stream of JSON values, one a line. */
  lines?: z.ZodType;
  /** The answer may be a stream instead, for a request that accepts `text/event-stream`. */
  orStream?: true;
  /** Says no-store: it is used once, and has no entity tag. */
  usedOnce?: true;
  /** A `Location` header says where what was registered is. */
  located?: true;
}
export type AnswerSpecs = Readonly<Record<number, AnswerSpec>>;

/** Of an entry's own events. */
export const LOG =
  "Newest first, the last 200, whatever happened to others; also of one that has ended in the last 30 days";

/** What is said of operations, by operationId. */
export type Documentation = Readonly<Record<string, { summary: string; answers: AnswerSpecs }>>;
