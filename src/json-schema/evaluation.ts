import { checksOf } from "./checks/index.ts";
import type { SchemaDocument } from "./document.ts";
import type { Fault, JsonSchema, JsonSchemaObject } from "./draft.ts";
import { every, fail, pointerTo } from "./frame.ts";
import type { Check, Evaluating, Evaluator, Frame, Path, Reason } from "./frame.ts";
import { canonical, sizeWithin } from "./json-value.ts";
import type { Pattern } from "./pattern/index.ts";

/** Evaluations within each other. The stack bears several times as many; real values need a few dozen. */
const EVALUATION_DEPTH_MAX = 512;

/** Units that applying one schema to one value takes. */
const EVALUATION_WORK = 4;

/** Thrown to end a validation at once. The value is invalid even if a `not` is around the schema that was being checked. */
class Stopped extends Error {
  readonly path: Path;

  constructor(path: Path, detail: string) {
    super(detail);
    this.path = path;
  }
}

/** Evaluates the schemas of one document, on a budget of work. */
export class Evaluation implements Evaluating {
  readonly #evaluators = new Map<JsonSchemaObject, Evaluator>();
  readonly #root: JsonSchema;
  readonly #patterns: ReadonlyMap<string, Pattern>;
  readonly #work: number;
  #left = 0;
  #depth = 0;

  /** @param work  units that one value may take; a unit is a step of a loop, about 20 ns */
  constructor(document: SchemaDocument, work: number) {
    this.#root = document.root;
    this.#patterns = document.patterns;
    this.#work = work;
    for (const [schema, { resource }] of document.places) {
      this.#evaluators.set(schema, { resource, checks: [], closing: [] });
    }
    for (const [schema, place] of document.places) {
      Object.assign(this.#evaluators.get(schema)!, checksOf(place, document.draft, this));
    }
  }

  validate(value: unknown): Fault[] {
    this.#left = this.#work;
    this.#depth = 0;
    const reasons: Reason[] = [];
    try {
      this.evaluate(this.of(this.#root), value, {
        path: undefined,
        reasons,
        evaluated: undefined,
        scope: undefined,
      });
      return reasons.map(({ path, detail }) => ({ pointer: pointerTo(path), detail }));
    } catch (cause) {
      if (!(cause instanceof Stopped)) throw cause;
      return [{ pointer: pointerTo(cause.path), detail: cause.message }];
    }
  }

  of(schema: JsonSchema): Evaluator | boolean {
    return typeof schema === "boolean" ? schema : this.#evaluators.get(schema)!;
  }

  pattern(source: string): Pattern {
    return this.#patterns.get(source)!;
  }

  evaluate(evaluator: Evaluator | boolean, value: unknown, frame: Frame): boolean {
    this.spend(EVALUATION_WORK, frame.path);
    if (evaluator === true) return true;
    if (evaluator === false) return fail(frame, "is not allowed here");
    const { resource, checks, closing } = evaluator;
    this.spend(checks.length, frame.path);
    if (this.#depth === EVALUATION_DEPTH_MAX) this.stop(frame.path, "is nested too deeply to validate");
    this.#depth += 1;
    const evaluated = closing.length > 0 || frame.evaluated ? new Set<string | number>() : undefined;
    const within: Frame = {
      path: frame.path,
      reasons: frame.reasons,
      evaluated,
      scope: frame.scope?.resource === resource ? frame.scope : { resource, outer: frame.scope },
    };
    const passes = (check: Check) => check(value, within);
    const valid = every(checks, within, passes) && every(closing, within, passes);
    this.#depth -= 1;
    if (valid && evaluated && frame.evaluated) {
      this.spend(2 * evaluated.size, frame.path);
      for (const step of evaluated) frame.evaluated.add(step);
    }
    return valid;
  }

  spend(units: number, path: Path): void {
    this.#left -= units;
    if (this.#left < 0) this.stop(path, "takes too much work to validate");
  }

  stop(path: Path, detail: string): never {
    throw new Stopped(path, detail);
  }

  canonical(value: unknown, path: Path): string {
    const size = sizeWithin(value, { depth: EVALUATION_DEPTH_MAX, weight: this.#left });
    if (!size) this.stop(path, "is too large to compare");
    this.spend(2 * size.weight, path);
    return canonical(value);
  }
}
