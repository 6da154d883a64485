/** Names that resolve inside a private network. */
const INTERNAL = /(?:^|\.)(?:localhost|localdomain|local|internal|home\.arpa)$/;

/**
 * Why a URL that a caller gave may not be fetched; undefined when it may.
 *
 * A Worker cannot see what a name resolves to, so the rule looks at the text alone: https on port 443, a public-looking name,
 * no credentials, and no address (the URL parser turns octal, hex and short forms into dotted ones).
 *
 * @param allowLoopback  also allow this machine, by http or https, on any port (open access only)
 */
export function refusedUrl(text: string, allowLoopback: boolean): string | undefined {
  const url = URL.parse(text);
  if (!url) return "it is not a URL";
  if (url.username !== "" || url.password !== "") return "it carries credentials";
  // A dot at the end changes nothing: "localhost." is localhost.
  const host = url.hostname.replace(/\.+$/, "");
  if (allowLoopback && isLoopback(host) && /^https?:$/.test(url.protocol)) return undefined;
  if (url.protocol !== "https:") return "it is not https";
  if (url.port !== "") return "it names a port other than 443";
  if (host.startsWith("[") || /^[\d.]+$/.test(host)) return "its host is an address";
  if (!host.includes(".")) return "its host is a single label";
  if (INTERNAL.test(host)) return "its host is an internal name";
  return undefined;
}

/** Whether a URL's host name is this machine. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(host);
