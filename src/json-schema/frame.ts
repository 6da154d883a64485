import type { AdmittedKeywords } from "./admitted-keywords.ts";
import type { Resource } from "./document.ts";
import type { Draft, JsonSchema, JsonSchemaObject } from "./draft.ts";
import type { Pattern } from "./pattern/index.ts";
import { isObject, pointerStep, shortPointer } from "./json-value.ts";

export const REASONS_MAX = 20;

/** A place in the value, as a linked list: the pointer is only made for reasons that are reported. */
export type Path = { outer: Path; step: string | number; depth: number } | undefined;

/** Why a value is invalid. */
export interface Reason {
  path: Path;
  detail: string;
}

/** The resources that the evaluation went through, innermost first; dynamic references are looked up in them. */
export type Scope = { resource: Resource; outer: Scope } | undefined;

/** What a check gets besides the value. */
export interface Frame {
  path: Path;
  /** where reasons are collected; undefined when only the verdict is needed */
  reasons: Reason[] | undefined;
  /** property names and item indexes that some keyword evaluated; undefined when no `unevaluated…` keyword needs them */
  evaluated: Set<string | number> | undefined;
  scope: Scope;
}

/** Returns whether the value passes, and adds the reasons to the frame if not. */
export type Check = (value: unknown, frame: Frame) => boolean;

/** A schema made ready for evaluation. */
export interface Evaluator {
  resource: Resource;
  checks: Check[];
  /** `unevaluatedItems` and `unevaluatedProperties`: run after the other checks, and only if those pass */
  closing: Check[];
}

/** What checks may use of the evaluation that runs them. */
export interface Evaluating {
  of(schema: JsonSchema): Evaluator | boolean;
  /** A pattern of the schema, by its text. */
  pattern(source: string): Pattern;
  /** Whether the value is valid. Adds reasons, and what was evaluated, to the frame. */
  evaluate(evaluator: Evaluator | boolean, value: unknown, frame: Frame): boolean;
  /** Takes units from the budget; past its end the evaluation stops. */
  spend(units: number, path: Path): void;
  /** Ends the evaluation: the value is invalid, also where a `not` is around the failing schema. */
  stop(path: Path, detail: string): never;
  /** The canonical text of a value, paid from the budget by the value's weight. */
  canonical(value: unknown, path: Path): string;
}

/** Makes the check of one or more keywords; undefined when the schema has none of them. */
export type Builder = (schema: AdmittedKeywords, evaluation: Evaluating, draft: Draft) => Check | undefined;

export const depthOf = (path: Path): number => path?.depth ?? 0;

export const childOf = ({ path, reasons, scope }: Frame, step: string | number): Frame => ({
  path: { outer: path, step, depth: depthOf(path) + 1 },
  reasons,
  evaluated: undefined,
  scope,
});

/** The same frame without reasons, for schemas whose failure is not the value's. */
export const silent = (frame: Frame): Frame => ({ ...frame, reasons: undefined });

/** Whether further reasons would be dropped. */
export const isFull = ({ reasons }: Frame): boolean => !reasons || reasons.length >= REASONS_MAX;

export function fail({ path, reasons }: Frame, detail: string): false {
  if (reasons && reasons.length < REASONS_MAX) reasons.push({ path, detail });
  return false;
}

/** Whether all items hold. Goes on after a failure as long as further reasons are wanted. */
export function every<T>(items: Iterable<T>, frame: Frame, holds: (item: T) => boolean): boolean {
  let valid = true;
  for (const item of items) {
    if (holds(item)) continue;
    valid = false;
    if (isFull(frame)) break;
  }
  return valid;
}

export function pointerTo(path: Path): string {
  const steps: string[] = [];
  for (let at = path; at; at = at.outer) steps.push(pointerStep(at.step));
  return shortPointer(steps.toReversed().join(""));
}

/** Checks that pass values of any other type. */
export const forNumbers =
  (check: (value: number, frame: Frame) => boolean): Check =>
  (value, frame) =>
    typeof value !== "number" || check(value, frame);
export const forStrings =
  (check: (value: string, frame: Frame) => boolean): Check =>
  (value, frame) =>
    typeof value !== "string" || check(value, frame);
export const forArrays =
  (check: (value: unknown[], frame: Frame) => boolean): Check =>
  (value, frame) =>
    !Array.isArray(value) || check(value, frame);
export const forObjects =
  (check: (value: JsonSchemaObject, frame: Frame) => boolean): Check =>
  (value, frame) =>
    !isObject(value) || check(value, frame);
