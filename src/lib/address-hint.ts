/** Paths of so many characters show their end: of a shorter one it would be too much. */
const LONG_PATH = 12;
const SHOWN = 4;

/**
 * What may be shown of an address that may be a secret: scheme and host, and of a long path the last four characters; of Slack's, whose
 * path is its secret, nothing.
 * @param text an address in the form that `URL` gives it, or what this has made of one: also by earlier rules, which showed more
 */
export function addressHint(text: string): string {
  const [, origin, path = "", query] = /^([a-z]+:\/\/[^/?#]+)\/?([^?#]*)(\?)?/.exec(text) ?? [];
  // Not an address: nothing of it is known to be harmless.
  if (origin === undefined) return "…";
  const isShort = path.startsWith("…");
  const end = isShort ? path.slice(1) : path.length < LONG_PATH ? "" : path.slice(-SHOWN);
  const isSecret = origin.endsWith("//hooks.slack.com");
  return `${origin}/${path && "…"}${isSecret ? "" : end.slice(-SHOWN)}${query === undefined ? "" : "?…"}`;
}
