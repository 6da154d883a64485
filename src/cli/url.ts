import { UsageError } from "./usage-error.ts";

const LOOPBACK = /^(?:[^/?#]*@)?(localhost|127(\.\d+){3}|\[::1\])(?=[:/?#]|$)/i;

/** A URL as people type it: without a scheme it is http on this machine, and https elsewhere. @throws {UsageError} */
export function readUrl(text: string): string {
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text);
  const url = hasScheme ? text : `${LOOPBACK.test(text) ? "http" : "https"}://${text}`;
  if (!/^https?:/i.test(url) || !URL.canParse(url))
    throw new UsageError(`"${withoutUser(text)}" is not an http or https URL`);
  return url;
}

/** A URL as it may be shown: its password would be a key. */
export const withoutUser = (url: string): string => url.replace(/[^/?#]*@/, "");
