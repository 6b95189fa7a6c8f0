import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { nameSchema } from "../../lib/names.ts";
import type { Provider, SignInWays } from "./config.ts";
import type { Claims } from "./provider.ts";
import { refuseSignOn } from "./refusals.ts";

/* Who somebody is by a provider's claims, and whether the operator lets them in. */

/** Somebody whom a provider has signed in, and who may sign in here. */
export interface Person {
  /** The provider's address, and the name that it has for this person and will never give to another. */
  issuer: string;
  subject: string;
  /** In lower case. */
  email: string;
  name: string;
}

/** The claims that decide who may sign in. */
export const claimsNeeded = ({ trustEmail, groups }: Provider): string[] => [
  "email",
  ...(trustEmail ? [] : ["email_verified"]),
  ...(groups === undefined ? [] : [groups.claim]),
];

/** Whether the operator has said who of the provider's people may sign in: those need no invite. */
export const isSelective = ({ domains, groups }: Provider): boolean =>
  domains !== undefined || groups !== undefined;

const emailSchema = lazy(() => z.email().max(254).toLowerCase());

/**
 * Who somebody is.
 * @throws ApiError 403 that says why they may not sign in, and whom to ask
 */
export function personOf(claims: Claims, provider: Provider, { contact }: SignInWays): Person {
  const { name: at, domains, groups, trustEmail } = provider;
  const { data: email } = emailSchema().safeParse(claims.email);
  if (email === undefined) throw refuseSignOn.noAddress(at, contact);
  // Some providers write it as text.
  const isVerified = claims.email_verified === true || claims.email_verified === "true";
  if (!isVerified && !trustEmail) throw refuseSignOn.unverified(at, contact);
  const domain = email.slice(email.lastIndexOf("@") + 1);
  if (domains?.includes(domain) === false) throw refuseSignOn.otherDomain(at, contact);
  if (groups !== undefined) {
    const theirs = [claims[groups.claim]].flat();
    if (!groups.values.some((value) => theirs.includes(value))) throw refuseSignOn.noGroup(at, contact);
  }
  return { issuer: claims.iss, subject: claims.sub, email, name: nameOf(claims, email) };
}

/** A name that may be an account's: the claim's, or else the first part of the address. */
function nameOf({ name, preferred_username: username }: Claims, email: string): string {
  const [account = email] = email.split("@");
  for (const known of [name, username]) {
    const { data } = nameSchema().safeParse(known);
    if (data !== undefined) return data;
  }
  return account.slice(0, 100);
}
