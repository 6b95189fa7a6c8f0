import type { Capture } from "../../client/types.ts";

/* The types of requests and replies. */

export type { ApiKey, User } from "../../client/account.ts";
export type * from "../../client/types.ts";

/** A state of a capture. */
export type Status = Capture["status"];
