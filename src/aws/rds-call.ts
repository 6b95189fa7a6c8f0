import { type AwsCredentials, type AwsResult, type AwsTarget, callAws, malformed } from "./client.ts";
import { child, list, queryRequest, queryResult, word, type XmlObject } from "./query.ts";

/*
 * Calls of RDS (RDS API reference, version 2014-10-31, Query protocol).
 */

/** The version of the API that requests are made for. */
export const VERSION = "2014-10-31";

/** Calls one action and gives its result element. */
export async function call(
  target: AwsTarget,
  credentials: AwsCredentials,
  action: string,
  parameters: Record<string, string>,
): Promise<AwsResult<XmlObject>> {
  const reply = await callAws(target, credentials, queryRequest("rds", action, VERSION, parameters));
  if (!reply.ok) return reply;
  const result = queryResult(reply.value, action);
  return result === undefined ? unreadable(action) : { ok: true, value: result };
}

/** The failure of a reply to an action that is not what the protocol says. */
export const unreadable = (action: string) => malformed({ service: "rds", action });

/** More pages than a parameter group or a list of log files has: a guard against a reply that never ends. */
const MAX_PAGES = 50;

/** Calls one action for page after page, and gives the items of its list. Both have names in the reply. */
export async function callForAll(
  target: AwsTarget,
  credentials: AwsCredentials,
  action: string,
  parameters: Record<string, string>,
  [listName, itemName]: readonly [list: string, item: string],
): Promise<AwsResult<XmlObject[]>> {
  const found: XmlObject[] = [];
  let from: Record<string, string> = {};
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await call(target, credentials, action, { ...parameters, ...from });
    if (!reply.ok) return reply;
    found.push(...list(child(reply.value, listName), itemName));
    const marker = word(reply.value, "Marker");
    if (marker === null) return { ok: true, value: found };
    from = { Marker: marker };
  }
  return unreadable(action);
}
