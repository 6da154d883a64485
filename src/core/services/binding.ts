import * as z from "zod";
import { label } from "../names.ts";
import type { BreakerConfig } from "./breaker.ts";

export const PRIORITIES = { CRITICAL: 0, HIGH: 1, NORMAL: 2, LOW: 3, FALLBACK: 9 } as const;
export type PriorityName = keyof typeof PRIORITIES;
export const PRIORITY_NAMES = Object.keys(PRIORITIES) as PriorityName[];
/** The name of a priority; the number itself where it has none. */
export const priorityName = (value: number): string =>
  PRIORITY_NAMES.find((name) => PRIORITIES[name] === value) ?? String(value);
/** The priority that an operator's word or number means, in any case; undefined where it means none. */
export function readPriority(word: string | number): number | undefined {
  const text = String(word).toUpperCase();
  const name = PRIORITY_NAMES.find((known) => known === text || String(PRIORITIES[known]) === text);
  return name && PRIORITIES[name];
}

export const STRATEGIES = ["fallback", "round_robin"] as const;
export type Strategy = (typeof STRATEGIES)[number];
/** The strategy that a word means, in any case; undefined where it means none. */
export const readStrategy = (word: string): Strategy | undefined =>
  STRATEGIES.find((known) => known === word.toLowerCase());

/** A priority by its name in any case, or by its number. */
const priority = z.union([
  z.literal(Object.values(PRIORITIES)),
  z
    .string()
    .transform((name) => name.toUpperCase())
    .pipe(z.enum(PRIORITY_NAMES))
    .transform((name): number => PRIORITIES[name]),
]);

/** The terms of a breaker where a binding states none: counts of calls, and seconds. */
const BREAKER_DEFAULTS = {
  failure_threshold: 5,
  recovery_timeout: 60,
  success_threshold: 3,
  timeout_duration: 30,
} as const;

/** The handler of bindings that take calls of every handler. */
export const GLOBAL = "*";

/** An agent's binding to one service: which calls it takes, and in which order it is tried. */
export const bindingInput = z.strictObject({
  service: label(256),
  handler: label(256).default(GLOBAL),
  priority: priority.default(PRIORITIES.NORMAL),
  priority_group: z.int().min(0).max(1000).default(0),
  strategy: z
    .string()
    .transform((name) => name.toLowerCase())
    .pipe(z.enum(STRATEGIES))
    .default("fallback"),
  capabilities: z.array(label(256)).max(100).optional(),
  circuit_breaker: z
    .strictObject({
      failure_threshold: z.int().min(1).max(1000).default(BREAKER_DEFAULTS.failure_threshold),
      recovery_timeout: z.number().min(0).max(86_400).default(BREAKER_DEFAULTS.recovery_timeout),
      success_threshold: z.int().min(1).max(1000).default(BREAKER_DEFAULTS.success_threshold),
      timeout_duration: z.number().positive().max(3600).default(BREAKER_DEFAULTS.timeout_duration),
    })
    .optional(),
});

export type Binding = z.output<typeof bindingInput>;

/** An agent's bindings. Two to one service and handler are refused: an override could not tell them apart. */
export const bindings = z
  .array(bindingInput)
  .max(100)
  .superRefine((list, context) => {
    const seen = new Set<string>();
    list.forEach(({ service, handler }, index) => {
      const pair = JSON.stringify([service, handler]);
      if (seen.has(pair)) {
        context.addIssue({
          code: "custom",
          path: [index],
          message: "offers the same service to the same handler again",
        });
      }
      seen.add(pair);
    });
  });

/** The terms of a provider's breaker, in ms, with the defaults where its binding states none. */
export function breakerConfig(binding: Binding | undefined): BreakerConfig {
  const stated = { ...BREAKER_DEFAULTS, ...binding?.circuit_breaker };
  return {
    failureThreshold: stated.failure_threshold,
    recoveryTimeoutMs: stated.recovery_timeout * 1000,
    successThreshold: stated.success_threshold,
    timeoutMs: stated.timeout_duration * 1000,
  };
}
