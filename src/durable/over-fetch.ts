/**
 * RPC cannot carry a socket; the answer to a request can. So what is asked for one travels in a header of a request to the
 * object's `fetch`, which reads it with `readAsked`.
 *
 * @param asked  JSON: an undefined item arrives as null
 */
export const askForSocket = (
  stub: { fetch(url: string, init: RequestInit): Promise<Response> },
  asked: readonly unknown[],
): Promise<Response> =>
  stub.fetch("https://object/", {
    headers: { Upgrade: "websocket", Asked: encodeURIComponent(JSON.stringify(asked)) },
  });

export const readAsked = <Asked extends readonly unknown[]>({ headers }: Request): Asked =>
  JSON.parse(decodeURIComponent(headers.get("Asked")!)) as Asked;
