import type { Capture } from "../../client/types.ts";

/* What the API is asked with and answers. */

export type { ApiKey, User } from "../../client/account.ts";
export type * from "../../client/types.ts";

/** A state of a capture. */
export type Status = Capture["status"];
