/** The command that sends an operation's example. */

/** @typedef {import("./docs-operation.js").Operation} Operation */

/** For a shell: whatever is in the text stands for itself. @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** What an answer gave out is for the reader to put in, so it is left as it is written. @param {unknown} value */
const inUrl = (value) => (/^<\w+>$/.test(String(value)) ? String(value) : encodeURIComponent(String(value)));

/** What a browser would add to open a socket (RFC 6455). */
const HANDSHAKE = [
  "-i -N --http1.1",
  "-H 'Connection: Upgrade'",
  "-H 'Sec-WebSocket-Version: 13'",
  "-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='",
];

/** Without a security of its own, an operation takes a key. @param {{ path: string, method: string, operation: Operation }} entry */
export function curl({ path, method, operation: { parameters, requestBody, security } }) {
  const shown = parameters.filter(({ example }) => example !== undefined);
  const of = (/** @type {string} */ place) => shown.filter((parameter) => parameter.in === place);
  const filled = of("path").reduce((so, { name, example }) => so.replace(`{${name}}`, inUrl(example)), path);
  const query = of("query").flatMap(({ name, example }) =>
    [example].flat().map((value) => `${name}=${inUrl(value)}`),
  );
  const isSocket = shown.some(({ name }) => name === "Upgrade");
  const body = Object.values(requestBody?.content ?? {})[0]?.example;
  const url = `${location.origin}${filled}${query.length > 0 ? `?${query.join("&")}` : ""}`;
  return [
    `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}${quoted(url)}`,
    ...(security?.length !== 0 ? [`-H ${quoted("Authorization: Bearer KEY")}`] : []),
    ...of("header").map(({ name, example }) => `-H ${quoted(`${name}: ${String(example)}`)}`),
    ...(isSocket ? HANDSHAKE : []),
    ...(body === undefined
      ? []
      : [`-H ${quoted("Content-Type: application/json")}`, `-d ${quoted(JSON.stringify(body))}`]),
  ].join(" \\\n  ");
}
