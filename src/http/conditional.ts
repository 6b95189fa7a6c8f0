import { completeReply } from "./complete-reply.ts";
import type { AppContext } from "./context.ts";

/*
 * Conditional requests (RFC 9110, 13): entity tags in `If-Match` and `If-None-Match`, and replies that a browser caches for its user and
 * revalidates each time.
 */

const REVALIDATED = "private, no-cache";

/** The headers of a reply with several things. */
export const OF_PAGE = { "Cache-Control": REVALIDATED };
/** Those of one. Compressed on its way, its tag would come to be a weak one, of which If-Match accepts none. */
export const OF_ONE = { "Cache-Control": `${REVALIDATED}, no-transform` };

/** Which versions of something a change is for, as the ETags of its preconditions say (RFC 9110, 13.1). */
export interface Precondition {
  /** Those of `If-Match`: one of these only; null for all. */
  accepted: number[] | null;
  /** Those of `If-None-Match`: none of these; null for none at all. */
  excluded: number[] | null;
}

/** The tag of one thing with versions: the format in which it is shown, its id and its version. */
const TAG_OF_ONE = /^"(\w+)\.([1-9]\d*)\.([1-9]\d*)(?:\.[\w-]{8})?"$/;

/** Every tag of a header that lists some. */
const TAGS = /(W\/)?("[!#-~\x80-\xff]*")/g;

/** Whether this `If-None-Match` has the tag. Weak or strong makes no difference here. */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === "*") return true;
  const opaque = tag.replace(/^W\//, "");
  return [...ifNoneMatch.matchAll(TAGS)].some(([, , other]) => other === opaque);
}

/** Answers 304 to a client that has the tag, and else the JSON, which is made only then. */
export function unlessKnown(
  c: AppContext,
  tag: string,
  headers: Readonly<Record<string, string>>,
  body: () => string,
): Response {
  return isKnown(c.req.header("if-none-match"), tag)
    ? completeReply(c, null, 304, { ...headers, ETag: tag })
    : completeReply(c, body(), 200, { ...headers, ETag: tag, "Content-Type": "application/json" });
}

/**
 * Which versions of something a request to change it is for. `If-Match` accepts no weak tag, and nothing that is no tag of it;
 * `If-None-Match` takes a weak one for the same (RFC 9110, 13.1).
 * @param formats those that tags of it begin with
 */
export function readPrecondition(c: AppContext, id: number, formats: readonly string[]): Precondition {
  const ifMatch = c.req.header("if-match");
  const ifNoneMatch = c.req.header("if-none-match");
  return {
    accepted: ifMatch === undefined ? null : versionsIn(ifMatch, id, formats, false),
    excluded: ifNoneMatch === undefined ? [] : versionsIn(ifNoneMatch, id, formats, true),
  };
}

/** The versions that a list of tags names; null for all. */
function versionsIn(
  tags: string,
  id: number,
  formats: readonly string[],
  withWeak: boolean,
): number[] | null {
  if (tags.trim() === "*") return null;
  const versions = [...tags.matchAll(TAGS)].map(([, weak, tag = ""]) => {
    const [, format, of, version] = TAG_OF_ONE.exec(tag) ?? [];
    const isOfThis = format !== undefined && formats.includes(format) && of === String(id);
    return (withWeak || weak === undefined) && isOfThis ? Number(version) : null;
  });
  return versions.filter((version) => version !== null);
}

/** Which precondition a version does not meet; null when it meets both. */
export function unmet({ accepted, excluded }: Precondition, version: number): "outdated" | "excluded" | null {
  if (accepted !== null && !accepted.includes(version)) return "outdated";
  return excluded === null || excluded.includes(version) ? "excluded" : null;
}
