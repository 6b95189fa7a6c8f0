import type { Account } from "./accounts.ts";

/** One call that an account received. */
export interface RequestRecord {
  /** When it was answered, by the account's clock, as ISO 8601. */
  time: string;
  service: string;
  action: string;
  /** Who signed it. Temporary credentials have keys of their own. */
  accessKeyId: string;
  /** The ARN of the user, or of the role whose session it was; null if the signature was not right. */
  signedBy: string | null;
  /** The HTTP status of the reply; null if there was none. */
  status: number | null;
  /** The error code in the Query protocol's words, or null. */
  errorCode: string | null;
  /** The kind of fault that struck the call, or null. */
  fault: string | null;
  /**
   * What was asked, as the protocol decodes it. No parameter of the actions here is a secret but ExternalId, which is shown as
   * HIDDEN. */
  parameters: Record<string, unknown>;
}

/** How many calls an account remembers. */
export const MAX_RECORDS = 1_000;

const SECRET_PARAMETERS = new Set(["ExternalId"]);
/** What is shown of a secret parameter: that it was sent. */
const HIDDEN = "(hidden)";

/** Adds a call to an account's list, the oldest giving way, without what is secret in it. */
export function recordRequest(account: Account, record: RequestRecord): void {
  const shown = Object.entries(record.parameters).map(([name, value]) => [
    name,
    SECRET_PARAMETERS.has(name) ? HIDDEN : value,
  ]);
  account.requests.push({ ...record, parameters: Object.fromEntries(shown) });
  if (account.requests.length > MAX_RECORDS) account.requests.shift();
}
