import { toUnicodeSyntax } from "../../src/json-schema/pattern/dialect.ts";
import { parsePattern, type Item } from "../../src/json-schema/pattern/syntax.ts";

/** An instruction of a backtracking machine; numbers are positions in the program. */
type Instruction =
  | { do: "read"; expression: RegExp }
  | { do: "assert"; expression: RegExp }
  | { do: "look"; negative: boolean; program: Instruction[] }
  | { do: "try"; first: number; second: number }
  | { do: "mark"; loop: object }
  /** fails if nothing was read since the mark */
  | { do: "check"; loop: object }
  | { do: "jump"; to: number };

type Marks = { loop: object; at: number; outer: Marks } | undefined;

/** Writes the alternatives as a program, with all repetitions written out. */
function programOf(alternatives: Item[][]): Instruction[] {
  const program: Instruction[] = [];
  const next = () => program.length;
  const either = (lazy: boolean) => {
    const fork = { do: "try" as const, first: next() + 1, second: next() + 1 };
    program.push(fork);
    return () => {
      if (lazy) fork.first = next();
      else fork.second = next();
    };
  };
  const group = ([first, ...others]: Item[][]): void => {
    if (others.length === 0) return first!.forEach(write);
    const other = either(false);
    first!.forEach(write);
    const end = { do: "jump" as const, to: 0 };
    program.push(end);
    other();
    group(others);
    end.to = next();
  };
  const checked = (body: Item) => {
    const loop = {};
    program.push({ do: "mark", loop });
    write(body);
    program.push({ do: "check", loop });
  };
  const write = (item: Item): void => {
    switch (item.kind) {
      case "character":
        program.push({ do: "read", expression: new RegExp(item.source, "uy") });
        break;
      case "assertion":
        program.push({ do: "assert", expression: new RegExp(item.source, "uy") });
        break;
      case "group":
        group(item.alternatives);
        break;
      case "lookahead":
        program.push({ do: "look", negative: item.negative, program: programOf(item.alternatives) });
        break;
      case "repeat": {
        const { min, max, lazy, body } = item;
        for (let count = 0; count < min; count++) write(body);
        if (max === Infinity) {
          const start = next();
          const done = either(lazy);
          checked(body);
          program.push({ do: "jump", to: start });
          done();
          break;
        }
        const dones = Array.from({ length: max - min }, () => {
          const done = either(lazy);
          checked(body);
          return done;
        });
        for (const done of dones) done();
      }
    }
  };
  group(alternatives);
  return program;
}

function isUnicode(source: string): boolean {
  try {
    return new RegExp(source, "u").unicode;
  } catch {
    return false;
  }
}

/**
 * A backtracking matcher as the engine's, without its shortcuts, that counts its steps: characters, assertions and lookaheads
 * that it tries.
 *
 * @returns a function of a subject; it stops after `stepsMax` steps, `isMatch` is then undefined
 */
export function backtracker(source: string, stepsMax: number) {
  const alternatives = parsePattern(isUnicode(source) ? source : toUnicodeSyntax(source));
  if (typeof alternatives === "string") throw new Error(`${source} ${alternatives}`);
  const whole = programOf(alternatives);
  return (subject: string): { isMatch: boolean | undefined; steps: number } => {
    let steps = 0;
    const holds = (expression: RegExp, at: number): boolean => {
      steps += 1;
      expression.lastIndex = at;
      return expression.test(subject);
    };
    const run = (program: Instruction[], from: number): boolean => {
      const pending: { pc: number; at: number; marks: Marks }[] = [{ pc: 0, at: from, marks: undefined }];
      for (let state = pending.pop(); state; state = pending.pop()) {
        let { pc, at, marks } = state;
        for (let alive = true; alive;) {
          if (steps > stepsMax) return false;
          const instruction = program[pc];
          if (!instruction) return true;
          pc += 1;
          switch (instruction.do) {
            case "read":
              alive = holds(instruction.expression, at);
              at = instruction.expression.lastIndex;
              break;
            case "assert":
              alive = holds(instruction.expression, at);
              break;
            case "look":
              steps += 1;
              alive = run(instruction.program, at) !== instruction.negative;
              break;
            case "try":
              pending.push({ pc: instruction.second, at, marks });
              pc = instruction.first;
              break;
            case "mark":
              marks = { loop: instruction.loop, at, outer: marks };
              break;
            case "check": {
              let mark = marks;
              while (mark && mark.loop !== instruction.loop) mark = mark.outer;
              alive = mark?.at !== at;
              break;
            }
            case "jump":
              pc = instruction.to;
          }
        }
      }
      return false;
    };
    for (let at = 0; at <= subject.length; at++) {
      // With the u flag, no match starts within a surrogate pair.
      if (at > 0 && subject.codePointAt(at - 1)! > 0xffff) continue;
      if (run(whole, at)) return { isMatch: true, steps };
      if (steps > stepsMax) return { isMatch: undefined, steps };
    }
    return { isMatch: false, steps };
  };
}
