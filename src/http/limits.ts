/** What one limiter of wrangler.toml is for. */
export interface Limit {
  binding: "SIGN_IN_LIMITER" | "WRITE_LIMITER" | "REQUEST_LIMITER" | "COSTLY_LIMITER";
  /** The variable that says how many requests the binding lets through in its period. */
  quota: "SIGN_IN_LIMIT" | "WRITE_LIMIT" | "REQUEST_LIMIT" | "COSTLY_LIMIT";
  /** Its name in the headers. */
  policy: string;
  /** What is counted, in words. */
  counted: string;
}

/** The period of each limiter, in seconds. */
export const PERIOD_SECONDS = 60;

/** The changes of a caller. */
export const WRITES: Limit = {
  binding: "WRITE_LIMITER",
  quota: "WRITE_LIMIT",
  policy: "writes",
  counted: "changes",
};

/** The sign-ins and sign-ups of a network. */
export const SIGN_INS: Limit = {
  binding: "SIGN_IN_LIMITER",
  quota: "SIGN_IN_LIMIT",
  policy: "sign-ins",
  counted: "sign-ins and sign-ups",
};

/** All requests of a user, reads and changes, by all of the user's sessions and API keys. */
export const REQUESTS: Limit = {
  binding: "REQUEST_LIMITER",
  quota: "REQUEST_LIMIT",
  policy: "requests",
  counted: "requests",
};

/** Those of them that cost money at AWS, or much CPU: metrics, checks, lists of instances, downloads, reports and searches. */
export const COSTLY: Limit = {
  binding: "COSTLY_LIMITER",
  quota: "COSTLY_LIMIT",
  policy: "costly",
  counted: "requests for metrics, checks, downloads, reports and records",
};
