import { account } from "../api/client.ts";

/*
 * Signing in at a provider leads away from the console and back to another page of it. Where somebody was is kept in the tab meanwhile:
 * what is behind `#`, such as an invite's code, no server sees.
 */

/** What is kept of a sign-on while the browser is at the provider. */
export interface Departure {
  /** The path of the console to come back to, with all that is behind it. */
  to: string;
  /** The code of an invite that somebody without an account accepts with it; empty for none. */
  inviteCode: string;
}

const KEY = "captures.sign-on";

/** Where signing in leads to if no other page was asked for. */
export const HOME = "/captures";

/** Sends the browser to a provider: the console ends with that, unless it fails. */
export async function depart(provider: string, departure: Departure): Promise<void> {
  const { url } = await account.startSignOn(provider);
  sessionStorage.setItem(KEY, JSON.stringify(departure));
  location.assign(url);
}

/** What was kept when this tab was sent to a provider; it stays until `forgetDeparture`. */
export function departure(): Departure {
  try {
    const { to, inviteCode }: Record<string, unknown> = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
    return { to: ownPath(to), inviteCode: typeof inviteCode === "string" ? inviteCode : "" };
  } catch {
    return { to: HOME, inviteCode: "" };
  }
}

/** Forgets what was kept. */
export const forgetDeparture = (): void => sessionStorage.removeItem(KEY);

/** The path of the console where signing in leads to: `to`, or `HOME` if that is no path of the console or a page of the sign-in. */
export function ownPath(to: unknown): string {
  if (typeof to !== "string" || !URL.canParse(to, location.origin)) return HOME;
  const { origin, pathname, search, hash } = new URL(to, location.origin);
  if (origin !== location.origin || /^\/(sign-in|sign-up|sign-on\/.*|api\/.*)?$/.test(pathname)) return HOME;
  return pathname + search + hash;
}
