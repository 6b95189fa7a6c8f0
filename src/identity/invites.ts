import type { Credential } from "../db/caller.ts";
import type { Db } from "../db/types.ts";

/** What a sign-up does with the code of the invite that it names, whatever an invite is to. */
export interface Invites {
  /** Whether an address could sign up with an invite, where sign-up is by invite. */
  isClaimable(db: Db, code: string, email: string, now: number): Promise<boolean>;
  /** Reserves an invite for the address that signs up with it; whether the invite is that address's to use. */
  claimInvite(db: Db, code: string, email: string, now: number): Promise<boolean>;
  /** Accepts an invite for somebody who has signed up. One that can't be accepted is left. */
  acceptInvite(db: Db, credential: Credential, code: string, now: number): Promise<unknown>;
}
