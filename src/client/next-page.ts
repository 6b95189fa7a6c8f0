/** Where the next page of a list is, as its reply links to it (RFC 8288); null when there is none. */
export const nextOf = (headers: Headers): string | null =>
  /<([^>]+)>; *rel="next"/.exec(headers.get("link") ?? "")?.[1] ?? null;
