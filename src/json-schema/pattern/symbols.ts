/** A set of characters, as a pattern writes it: a literal, an escape or a class. */
export interface Symbol {
  source: string;
  has: (point: number) => boolean;
}

/** Tells by the engine itself which characters a literal, an escape or a class stands for. */
export function symbolOf(source: string): Symbol {
  if (source.codePointAt(0) !== 0x5c && !/^[.[]/.test(source)) {
    const literal = source.codePointAt(0);
    return { source, has: (point) => point === literal };
  }
  const expression = new RegExp(`^${source}$`, "u");
  const ascii = Array.from({ length: 128 }, (_, point) => expression.test(String.fromCharCode(point)));
  return { source, has: (point) => ascii[point] ?? expression.test(String.fromCodePoint(point)) };
}

/** Letters, marks, digits, punctuation, symbols and controls of many scripts, to tell classes with `\p` apart. */
const SAMPLES = "Éßǅʰﬁªαжבعक中ぁ한𝒜𐐀\u0301\u0903²Ⅷ٠“–‿«»€˄©÷😀🏻🇦❤\ufe0f\u200d\u20e3\ue000\u0378";
/** One of each interval of what `\s` and `.` tell apart. */
const SPACES = "\u0080\u00a0\u1680\u2000\u2028\u202f\u205f\u3000\ufeff";

/** Characters that the symbols do not tell apart, by one of them. */
export interface Letter {
  /** undefined: a character beyond those that were tried */
  point: number | undefined;
  symbols: ReadonlySet<Symbol>;
}

/**
 * Divides all characters into few letters: the symbols have all characters of a letter or none.
 *
 * Outside of ASCII a symbol's set changes only beside the characters that the pattern spells out, and at spaces, so one
 * character of each interval is tried. With `\p` it changes anywhere: then a further letter stands for what was not tried, and
 * every symbol that reaches beyond ASCII is taken to have it.
 */
export function alphabetOf(symbols: readonly Symbol[]): Letter[] {
  const source = symbols.map((symbol) => symbol.source).join("");
  const points = new Set<number>(Array.from({ length: 128 }, (_, point) => point));
  const spelt = source
    .replace(/\\u\{([^}]*)\}|\\x(..)/g, (_, braced?: string, hex?: string) =>
      String.fromCodePoint(parseInt((braced ?? hex)!, 16)),
    )
    .replace(/(?:\\u[0-9a-fA-F]{4})+/g, (units) => JSON.parse(`"${units}"`) as string);
  for (const character of spelt + SPACES) {
    const point = character.codePointAt(0)!;
    for (const near of [point - 1, point, point + 1]) if (near > 127 && near <= 0x10ffff) points.add(near);
  }
  const hasProperties = /\\[pP]/.test(source);
  if (hasProperties) for (const character of SAMPLES) points.add(character.codePointAt(0)!);

  const letters = new Map<string, Letter>();
  const beyond = new Set<Symbol>();
  for (const point of points) {
    const having = symbols.filter((symbol) => symbol.has(point));
    if (having.length === 0 && point !== 0 && letters.has("")) continue;
    const key = having.map((symbol) => symbols.indexOf(symbol)).join();
    if (!letters.has(key)) letters.set(key, { point, symbols: new Set(having) });
    if (point > 127) for (const symbol of having) beyond.add(symbol);
  }
  const all = [...letters.values()];
  return hasProperties ? [...all, { point: undefined, symbols: beyond }] : all;
}
