/* What an API key may do. This knows nothing of Workers: the API reference, the client and the console use it too. */

/** Only read, or also change. */
export const KEY_SCOPES = ["read", "write"] as const;
/** One of them. */
export type KeyScope = (typeof KEY_SCOPES)[number];
