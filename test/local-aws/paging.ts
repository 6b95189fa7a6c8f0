import { createHmac, timingSafeEqual } from "node:crypto";

/** The same in every run: AWS is not restarted, and so a restart of the local AWS must not make tokens invalid. */
const key = "the local AWS's paging tokens";

/**
 * Makes an opaque paging token (CloudWatch's NextToken, RDS's Marker).
 * @param request what the token is valid for: the account and everything about the request but the page
 * @param state what the next page needs to know
 */
export function makeToken(request: unknown, state: unknown): string {
  const payload = Buffer.from(JSON.stringify(state));
  return Buffer.concat([seal(request, payload), payload]).toString("base64url");
}

/** Reads a token of `makeToken`: its state, or undefined if it was not made here for this very request. */
export function readToken(request: unknown, token: string): unknown {
  const bytes = Buffer.from(token, "base64url");
  const payload = bytes.subarray(32);
  const given = bytes.subarray(0, 32);
  if (given.length !== 32 || !timingSafeEqual(given, seal(request, payload))) return undefined;
  return JSON.parse(payload.toString());
}

function seal(request: unknown, payload: Buffer): Buffer {
  return createHmac("sha256", key).update(JSON.stringify(request)).update("\n").update(payload).digest();
}
