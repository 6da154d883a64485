/** Outside a class: an escape, a class, a quantifier in braces, or a bracket that stands for itself. */
const TOKEN = /\\[pPu]\{[^}]*\}|\\[^]|\[(?:\\[^]|[^\\\]])*\]|\{\d+(?:,\d*)?\}|[{}\]]/g;
const NEEDS_ESCAPE = /[$(-+./?[-^{|}]/;

/** In a class, `-` beside `\w` and the like stands for itself. */
const HYPHEN_BESIDE_CLASS = /(\\[dDsSwW]|\\[pP]\{[^}]*\})-(?!\])|-(?=\\[dDsSwWpP])/g;

/**
 * Rewrites what is valid only without the u flag so that it is valid with it: needless escapes of punctuation marks (`\:`,
 * `\-`), `[\w-.]`, and braces and brackets that stand for themselves. Escaped letters stay: in other dialects they have a
 * meaning (`\A`, `\h`).
 */
export function toUnicodeSyntax(source: string): string {
  return source.replace(TOKEN, (token) => {
    if (token.length === 1) return `\\${token}`;
    if (token[0] === "[") {
      return token
        .replace(HYPHEN_BESIDE_CLASS, (_, before: string | undefined) => `${before ?? ""}\\-`)
        .replace(/\\[^]/g, (escape) => (escape === "\\-" ? escape : withoutNeedlessEscape(escape)));
    }
    return token[0] === "\\" && token.length === 2 ? withoutNeedlessEscape(token) : token;
  });
}

const withoutNeedlessEscape = (escape: string): string =>
  /[A-Za-z0-9]/.test(escape[1]!) || NEEDS_ESCAPE.test(escape[1]!) ? escape : escape[1]!;

/**
 * Makes all groups non-capturing. Nothing refers to them, and for each repetition of a capturing group the engine stores what
 * to restore on backtracking: on long texts its stack overflows.
 */
export const withoutCaptures = (source: string): string =>
  source.replace(/\\[^]|\[(?:\\[^]|[^\\\]])*\]|\((?:(?!\?)|\?<(?![=!])[^>]*>)/g, (token) =>
    token[0] === "(" ? "(?:" : token,
  );
