import { ApiError } from "../http/refusals.ts";

/*
 * What a deletion of an account is refused with. The API's description takes the words from here.
 */

/** An environment that keeps an account from being deleted: nobody else could look after it. */
export interface Blocking {
  name: string;
  /** Whether it has other members. */
  isShared: 0 | 1;
  /** Whether it has a capture that has not ended. */
  isLive: 0 | 1;
  /** Whether it has not given a parameter group back as it was found. */
  isOwing: 0 | 1;
}

/** Of somebody without whom an environment would have nobody who may look after it. */
export function onlyAdmin(blocking: readonly Blocking[]): ApiError {
  const named = blocking.map(({ name, isShared, isLive }) => {
    const has = isShared
      ? "other members"
      : isLive
        ? "captures that have not ended"
        : "a parameter group to give back";
    return `${name} (has ${has})`;
  });
  return new ApiError(
    409,
    `You are the only admin of ${named.join(", ")}: make somebody else an admin, or end its captures and delete it, first`,
  );
}

/** Of a deletion without the password. */
export const passwordRequired = () => new ApiError(400, "password: is required");

/** Of an account without a password, whose session began longer ago. */
export const signInAgain = () =>
  new ApiError(403, "This account has no password: sign in again, and delete it within ten minutes");

/** Of an account whose password was changed while it was to be deleted. */
export const changedMeanwhile = () =>
  new ApiError(409, "The account was changed just now: look at it and try again");

/** Of one password too many, right or wrong. */
export const tooManyTries = (headers: Record<string, string> = {}): ApiError =>
  new ApiError(429, "Too many tries: wait some minutes", headers);
