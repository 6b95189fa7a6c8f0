import { idempotencyKeySchema } from "../http/idempotency-key.ts";
import { BOOKMARK } from "../lib/values.ts";
import type { Header, Parameter } from "./operation.ts";

/*
 * The header fields of requests and replies that several operations have.
 */

/** The request's id, which every reply has. */
export const REQUEST_ID: Header = {
  description: "The request's id, also in the service's log.",
  schema: { type: "string" },
  required: true,
  example: "6f6c1c1e-4f0b-4f7e-9d55-0c8f6f3b6a55",
};

const EXAMPLE_BOOKMARK = "00000001-00000002-00004c6d-8e8e8e8e8e8e8e8e8e8e8e8e8e8e8e8e";

/** The bookmark of a reply. */
export const BOOKMARK_OF_REPLY: Header = {
  description:
    "The state of the database that the reply has seen, for a later read. Absent if the database was not used.",
  schema: { type: "string", pattern: BOOKMARK.source },
  example: EXAMPLE_BOOKMARK,
};

/** The bookmark of a read. */
export const BOOKMARK_OF_READ: Parameter = {
  name: "X-D1-Bookmark",
  in: "header",
  description:
    "The bookmark of an earlier reply: this read sees at least the same state. Any other text asks for the newest state.",
  schema: { type: "string", pattern: BOOKMARK.source },
  example: EXAMPLE_BOOKMARK,
};

const retryAfterHeader: Header = {
  description: "How many seconds to wait before trying again.",
  schema: { type: "integer", minimum: 0 },
  required: true,
  example: 5,
};

/** `Retry-After`, which some refusals have. */
export const RETRY_AFTER = { "Retry-After": retryAfterHeader };

const rateLimitHeader: Header = {
  description:
    "The limit that was reached, what is left of it (`r`, 0), and for how many seconds at most (`t`): draft-ietf-httpapi-ratelimit-headers.",
  schema: { type: "string", pattern: '^"[\\w-]+";r=0;t=\\d+$' },
  required: true,
  example: '"writes";r=0;t=60',
};

/** The headers of a 429. */
export const EXHAUSTED = { ...RETRY_AFTER, RateLimit: rateLimitHeader };

/** `RateLimit-Policy`, in replies to requests that are counted. */
const policyHeader = (example: string): Record<string, Header> => ({
  "RateLimit-Policy": {
    description:
      "The limits that the request counts for: how many requests (`q`) in how many seconds (`w`) (draft-ietf-httpapi-ratelimit-headers).",
    schema: { type: "string", pattern: '^"[\\w-]+";q=\\d+;w=\\d+(, "[\\w-]+";q=\\d+;w=\\d+)*$' },
    required: true,
    example,
  },
});

/** `RateLimit-Policy` of changes. */
export const WRITE_POLICY = policyHeader('"writes";q=120;w=60');
/** `RateLimit-Policy` of one request too many of a user. */
export const REQUEST_POLICY = policyHeader('"requests";q=1200;w=60');
/** `RateLimit-Policy` of what costs money or much CPU. */
export const COSTLY_POLICY = policyHeader('"costly";q=120;w=60');
/** `RateLimit-Policy` of sign-ins and sign-ups. */
export const SIGN_IN_POLICY = policyHeader('"address";q=10;w=60, "sign-ins";q=20;w=60');

/** The tag of one capture. */
export const ONE_TAG: Record<string, Header> = {
  ETag: {
    description: "The tag of this version of the capture, for `If-None-Match` and `If-Match`.",
    schema: { type: "string", pattern: '^"[^"]+"$' },
    required: true,
    example: '"1.1.3"',
  },
};
/** The tag of a page of captures. */
export const PAGE_TAG: Record<string, Header> = {
  ETag: {
    description: "The tag of this page, for `If-None-Match`.",
    schema: { type: "string", pattern: '^W/"[^"]+"$' },
    required: true,
    example: 'W/"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"',
  },
};

/** The link of a page to the next one. @param path of the list */
export const nextPage = (path: string): Record<string, Header> => ({
  Link: {
    description: 'The next page, with `rel="next"`, if there is one (RFC 8288).',
    schema: { type: "string", pattern: '^<https?://[^>]+[?&]cursor=\\d+[^>]*>; rel="next"$' },
    example: `<https://captures.example.com${path}?limit=1&cursor=1>; rel="next"`,
  },
});

/** A list of tags, or `*`. Nothing validates it: a text that is not one of our tags matches nothing. */
const TAGS = '(\\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)';

export const IF_NONE_MATCH: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "`ETag`s that you have: if one of them is still current, the reply is a 304.",
  schema: { type: "string", pattern: `^${TAGS}$` },
};

export const IF_MATCH: Parameter = {
  name: "If-Match",
  in: "header",
  description:
    "`ETag`s of the versions that may be changed: if the capture has another version by now, nothing is done, and the reply is a 412.",
  schema: { type: "string", pattern: `^${TAGS}$` },
};

/** `If-None-Match` of a change. */
export const IF_NONE_MATCH_OF_CHANGE: Parameter = {
  ...IF_NONE_MATCH,
  description:
    "`ETag`s of versions that must not be changed: if the capture has one of them, the reply is a 412.",
};

export const IDEMPOTENCY_KEY: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "A text of your choice, new for each request: for 24 hours, a retry of the request with the same key has the same answer and makes nothing a second time (draft-ietf-httpapi-idempotency-key-header).",
  schema: idempotencyKeySchema(),
  example: '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
};

/** The header of a reply that is given a second time. */
export const REPLAYED: Record<string, Header> = {
  "Idempotent-Replayed": {
    description: "Only on a retry with the same key: the reply is that of the first request.",
    schema: { type: "string", const: "true" },
    example: "true",
  },
};
