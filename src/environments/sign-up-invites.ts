import type { Credential } from "../db/caller.ts";
import type { Db } from "../db/types.ts";
import { currentContext } from "../http/context.ts";
import { sendsMail } from "../mail/mail.ts";
import { type Accepted, acceptInvite, claimInvite, isClaimable } from "./invites.ts";

/** What a sign-up does with the code of the invite that it names: as `identity` asks for it, which knows nothing of environments. */
export const signUpInvites = {
  isClaimable,
  claimInvite,
  /** As `acceptInvite`; asked for a proof of the address as the request that is being handled would be. */
  acceptInvite(db: Db, credential: Credential, code: string, now: number): Promise<Accepted> {
    const env = currentContext()?.env;
    if (env === undefined) throw new Error("Somebody signs up outside of a request");
    return acceptInvite(db, credential, { code, asksProof: sendsMail(env) }, now);
  },
};
