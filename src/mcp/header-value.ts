const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * What a header says that may hold any text: as it is, or wrapped as `=?base64?…?=`.
 *
 * @returns undefined where there is no header, or its wrapping is broken
 */
export function decodedHeader(value: string | null): string | undefined {
  if (value === null) return undefined;
  const [, base64] = /^=\?base64\?(.*)\?=$/.exec(value) ?? [];
  if (base64 === undefined) return value;
  // atob alone forgives a missing padding.
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) return undefined;
  try {
    return utf8.decode(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined;
  }
}
