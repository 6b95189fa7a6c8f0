/* How long a login by device code lasts, and how often anything may be tried in it. */

/** How long a login can be approved, and its key fetched. */
export const CODE_LIFETIME_MS = 10 * 60 * 1000;

/** How many seconds are to be between two polls, at first, and how many more after one that came too early. */
export const POLL_SECONDS = 5;

/** How many wrong user codes one account, and one address, may try in a window of so many seconds. */
export const WRONG_CODES = { ofAccount: 10, ofAddress: 30, seconds: 10 * 60 };
