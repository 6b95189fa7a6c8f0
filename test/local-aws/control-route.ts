import type * as z from "zod";
import type { Account, Accounts } from "./accounts.ts";
import type { onlyKey } from "./control-schema.ts";

/** One operation of the control API. */
export interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Below the prefix; a segment in braces stands for any one segment. */
  path: string;
  about: string;
  /** @returns what the reply holds, undefined for a reply without a body, or a `PlainText` */
  run(accounts: Accounts, input: Input): unknown;
}

export interface Input {
  /** The decoded body, or the query's parameters for GET and DELETE. */
  values: unknown;
  /** The segment that the braces in the path stand for. */
  segment: string;
}

/** A request that makes no sense: answered with its status and its message. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a route returns whose reply is a text and not JSON. */
export class PlainText {
  readonly pieces: Iterable<Uint8Array>;

  constructor(pieces: Iterable<Uint8Array>) {
    this.pieces = pieces;
  }
}

/** The account that a request names by one of its keys. @throws ControlError 404 */
export function accountOf(accounts: Accounts, { accessKeyId }: z.infer<typeof onlyKey>): Account {
  const principal = accounts.principal(accessKeyId);
  if (principal === undefined)
    throw new ControlError(404, `accessKeyId: no account has the key ${accessKeyId}`);
  return principal.account;
}

/** Optional members of zod may be present and undefined; the types of the accounts mean absent. */
export function withoutUndefined<Properties extends object>(properties: Properties): Defined<Properties> {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined),
  ) as Defined<Properties>;
}
type Defined<Properties> = { [Name in keyof Properties]: Exclude<Properties[Name], undefined> };
