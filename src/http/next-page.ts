/**
 * The header that names the next page, if there is one (RFC 8288).
 * @param address of this page
 */
export function linkToNext(address: string, cursor: string | undefined): { Link?: string } {
  return cursor === undefined ? {} : { Link: `<${withCursor(address, cursor)}>; rel="next"` };
}

/** An address with another cursor. Most have a query without one, and need not be parsed for it. */
function withCursor(address: string, cursor: string): string {
  if (address.includes("?") && !/%|cursor/.test(address)) return `${address}&cursor=${cursor}`;
  const next = new URL(address);
  next.searchParams.set("cursor", cursor);
  return next.href;
}
