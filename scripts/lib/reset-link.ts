/* The link that `npm run reset-link` makes. Nothing of Node.js is imported, so that it is tested in the runtime of the Worker. */

/** What the command was given. */
export interface GivenOptions {
  positionals: string[];
  values: { remote?: boolean | undefined; url?: string | undefined };
}

/** What it is to make. */
export interface ResetLinkOptions {
  /** The account's address, in small letters. */
  email: string;
  /** Whether it is production's. */
  remote: boolean;
  /** The service's own origin. */
  origin: string;
}

/** How the command is used. */
export const USAGE = "usage: npm run reset-link -- EMAIL [--remote --url https://captures.example.com]";
const LIFETIME_MS = 60 * 60 * 1000;
const TOKEN_BYTES = 32;

/**
 * Checks what the command was given.
 * @param port of the local service
 * @throws Error with what is wrong, in words for who called the program
 */
export function resetLinkOptions({ positionals, values }: GivenOptions, port = "8787"): ResetLinkOptions {
  const [email, ...more] = positionals;
  if (email === undefined || more.length > 0 || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email))
    throw new Error(`One e-mail address is needed\n${USAGE}`);
  const { remote = false, url = remote ? undefined : `http://localhost:${port}` } = values;
  if (url === undefined) throw new Error(`--remote needs the service's address as --url\n${USAGE}`);
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (protocol !== "https:" && (remote || protocol !== "http:"))
    throw new Error(`--url must be an address such as https://captures.example.com\n${USAGE}`);
  return { email: email.toLowerCase(), remote, origin: new URL(url).origin };
}

/** A link for an account, and SQL that stores its hash and says whose it is: no row where there is no such account. */
export async function makeResetLink(
  { email, origin }: Pick<ResetLinkOptions, "email" | "origin">,
  now: number,
): Promise<{ link: string; sql: string }> {
  const token = base64url(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return {
    link: `${origin}/reset#${token}`,
    sql: `insert into email_links (token_hash, purpose, user_id, email, created_at, expires_at)
      select '${base64url(new Uint8Array(digest))}', 'reset', id, email, ${now}, ${now + LIFETIME_MS} from user
      where email = '${email.replaceAll("'", "''")}' returning email`,
  };
}

/** Node.js 24 has no `toBase64` yet. */
const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
