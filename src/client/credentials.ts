interface Addressed {
  url: string;
  key?: string | undefined;
}

/**
 * A registry's URL without credentials, because `fetch` takes none there and messages show the URL; its password is the key, as
 * clients of HTTP Basic have it, unless one is given.
 *
 * @throws {URIError} if a `%` in the password begins no escape
 */
export function withoutCredentials<T extends Addressed>(options: T): T {
  const [, scheme, user, host] = /^(https?:\/\/)([^/?#]*)@(.*)$/is.exec(options.url) ?? [];
  if (user === undefined) return options;
  const [, password = ""] = /:(.*)$/s.exec(user) ?? [];
  const key = options.key ?? (password === "" ? undefined : decodeURIComponent(password));
  return { ...options, url: `${scheme}${host}`, key };
}
