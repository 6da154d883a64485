import { pointerStep, shortPointer } from "./json-value.ts";
import type { Resource } from "./document.ts";
import { isObject, type JsonSchemaObject } from "./keywords.ts";

export const REASONS_MAX = 20;

/** Where in the value we are; spelt out only for who reads it. */
export type Path = { outer: Path; step: string | number; depth: number } | undefined;

export interface Reason {
  path: Path;
  detail: string;
}

/** The resources that evaluation has come through, for dynamic references. */
export type Scope = { resource: Resource; outer: Scope } | undefined;

/** What a check knows beside the value. */
export interface Frame {
  path: Path;
  /** where reasons go; undefined when nobody will read them */
  reasons: Reason[] | undefined;
  /** names and indexes that some keyword has evaluated; undefined when nobody asks */
  evaluated: Set<string | number> | undefined;
  scope: Scope;
}

export type Check = (value: unknown, frame: Frame) => boolean;

export const depthOf = (path: Path): number => path?.depth ?? 0;

export const childOf = ({ path, reasons, scope }: Frame, step: string | number): Frame => ({
  path: { outer: path, step, depth: depthOf(path) + 1 },
  reasons,
  evaluated: undefined,
  scope,
});

/** The same place, where nobody reads the reasons. */
export const silent = (frame: Frame): Frame => ({ ...frame, reasons: undefined });

/** Whether no further reason will be read. */
export const isFull = ({ reasons }: Frame): boolean => !reasons || reasons.length >= REASONS_MAX;

export function fail({ path, reasons }: Frame, detail: string): false {
  if (reasons && reasons.length < REASONS_MAX) reasons.push({ path, detail });
  return false;
}

/** Whether it holds for all; told by the first that it does not hold for, once nobody reads (further) reasons. */
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

/** A check that only some type of value is subject to. */
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
