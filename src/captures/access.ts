import { noteCaller } from "../http/context.ts";
import { refuse } from "../http/refusals.ts";
import type { Seen } from "./reads.ts";

/** What the caller asked to see, or the refusal that fits. */
export function see<T>(seen: Seen<T>, notFound: () => Error): T {
  if (seen.caller === null) throw refuse.loginRequired();
  noteCaller(seen.caller);
  if (seen.found === null) throw notFound();
  return seen.found;
}
