import type { AppContext } from "./context.ts";
import { securityHeaders } from "./security-headers.ts";

/*
 * Replies that have from the beginning what middleware would add to them one by one. workerd makes an object for the headers of a reply
 * when they are first asked for, which costs more than the headers themselves: this spares it (bench/README.md).
 */

/** The request's id. */
export const ID_HEADER = "X-Request-Id";
/** Which state of the database a reply shows; see bookmarks.ts. */
export const BOOKMARK_HEADER = "X-D1-Bookmark";

/**
 * A reply to a request that reads: with all that every reply has, its id, security headers and bookmark, besides headers of its own,
 * one of which is `Cache-Control`.
 */
export function completeReply(
  c: AppContext,
  body: string | null,
  status: number,
  own: Readonly<Record<string, string>>,
): Response {
  const headers: Record<string, string> = { ...securityHeaders(c), [ID_HEADER]: c.get("requestId"), ...own };
  const bookmark = c.get("db").getBookmark();
  if (bookmark !== null) headers[BOOKMARK_HEADER] = bookmark;
  const reply = new Response(body, { status, headers });
  c.set("complete", reply);
  return reply;
}

/** Whether the reply is one that `completeReply` has made: not a refusal in its place, and not a copy with other headers. */
export const isComplete = (c: AppContext): boolean => c.get("complete") === c.res;
