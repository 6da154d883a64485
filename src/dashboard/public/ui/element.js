/** Elements made by scripts. Strings become text nodes and are never parsed as markup. */

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {(Node | string | false | undefined)[]} children  `false` and `undefined` are left out
 */
export function el(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children.filter((child) => child !== false && child !== undefined));
  return element;
}

/** Text in which what stands between backticks is code. @param {string} text */
export const prose = (text) => text.split("`").map((part, i) => (i % 2 === 1 ? el("code", {}, part) : part));
