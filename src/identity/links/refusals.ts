import { type ApiError, tooManyRequests } from "../../http/refusals.ts";
import { ADDRESS_CHANGES, MAILS } from "./limits.ts";

/** Of one mail too many to one's own address. */
export const tooManyMails = (headers: Record<string, string> = {}): ApiError =>
  tooManyRequests(MAILS.most, "mails to this address", MAILS.seconds, headers);

/** Of one try too many to change one's address. */
export const tooManyChanges = (headers: Record<string, string> = {}): ApiError =>
  tooManyRequests(ADDRESS_CHANGES.most, "changes of the address", ADDRESS_CHANGES.seconds, headers);
