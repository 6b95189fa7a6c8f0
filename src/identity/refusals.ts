import { ApiError, refusal } from "../http/refusals.ts";

/** What is refused of accounts, sessions and API keys. */
export const refuseIdentity = {
  inviteRequired: refusal(403, "Sign-up is by invite only: send the code of an unused invite as inviteCode"),
  wrongSignIn: refusal(401, "The e-mail address or the password is wrong"),
  emailTaken: refusal(
    422,
    "email: there is an account with this address already: sign in, or use another address",
  ),
  wrongCurrentPassword: refusal(400, "currentPassword: is not your password"),
  noPasswordYet: refusal(
    409,
    "Your account has no password yet: set one by a link, as if you had forgotten it",
  ),
  keyNotFound: refusal(404, "API key does not exist"),
  deviceCodeNotFound: refusal(404, "userCode: is not known, has expired or was used already"),
  wrongPassword: refusal(400, "password: is not your password"),
  tooManyHashes: refusal(503, "Too many are signing in or up just now: try again soon", {
    "Retry-After": "2",
  }),
} as const;

/** Of one request of a kind more than an address may send. */
export const tooOften = (headers: Record<string, string> = {}): ApiError =>
  new ApiError(429, "Too many requests: try again later", headers);

/** Of an API key that somebody has no place for: one may have `limit`. */
export const tooManyKeys = (limit: number): ApiError =>
  new ApiError(
    409,
    `You have ${limit} API keys, programs that are about to get one among them, which is the most you may have: delete one first`,
  );

/** Of an account that the service has no place for: it may have `limit`. */
export const tooManyAccounts = (limit: number): ApiError =>
  new ApiError(
    409,
    `This service has ${limit} accounts, which is the most it may have: ask whoever runs it for more`,
  );

/** Of one account more than a network may make in a day. */
export const tooManySignUps = (limit: number, headers: Record<string, string> = {}): ApiError =>
  new ApiError(
    429,
    `Too many accounts: ${limit} were made from your network in the last 24 hours; try again later, or ask for an invite`,
    headers,
  );

/** Of a password that comes too soon after others that were wrong. */
export const tooManyWrongPasswords = (seconds: number, headers: Record<string, string> = {}): ApiError =>
  new ApiError(429, `Too many wrong passwords: try again in ${seconds} seconds`, headers);
