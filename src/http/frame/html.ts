/** Escaped markup. Only `html` makes it; any other value in a template is escaped as text. */
export class Html {
  readonly #markup: string;

  constructor(strings: readonly string[], values: readonly Content[]) {
    this.#markup = strings.reduce((markup, next, i) => markup + render(values[i - 1]) + next);
  }

  toString(): string {
    return this.#markup;
  }
}

export type Content = Html | string | number | false | null | undefined | readonly Content[];

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function render(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.toString();
  if (typeof content === "object") return content.map(render).join("");
  return String(content).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** A template: values are escaped, lists joined, and null, undefined and false left out. Attribute values must be quoted. */
export const html = (strings: TemplateStringsArray, ...values: Content[]): Html => new Html(strings, values);
