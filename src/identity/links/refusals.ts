import { type ApiError, refusal, tooManyRequests } from "../../http/refusals.ts";
import { ADDRESS_CHANGES, MAILS } from "./limits.ts";

/** What is refused of links and of the address that they prove. */
export const refuseLink = {
  noMail: refusal(
    409,
    "This service sends no e-mail. Ask who runs it: they can make a link by which you set a new password",
  ),
  linkNotFound: refusal(404, "token: is not known, has expired or was used already: ask for another mail"),
  linkNotYours: refusal(
    404,
    "token: is not known, has expired, was used already, or is for another account than the one that is signed in here",
  ),
  verifiedAlready: refusal(409, "Your e-mail address is confirmed already"),
  addressTaken: refusal(409, "There is an account with this address already: sign in to that one instead"),
  sameAddress: refusal(400, "newEmail: is your address already"),
  noPassword: refusal(409, "You sign in without a password: your address is what your provider says it is"),
} as const;

/** Of one mail too many to one's own address. */
export const tooManyMails = (headers: Record<string, string> = {}): ApiError =>
  tooManyRequests(MAILS.most, "mails to this address", MAILS.seconds, headers);

/** Of one try too many to change one's address. */
export const tooManyChanges = (headers: Record<string, string> = {}): ApiError =>
  tooManyRequests(ADDRESS_CHANGES.most, "changes of the address", ADDRESS_CHANGES.seconds, headers);
