/** What one limiter of wrangler.toml is for. */
export interface Limit {
  binding: "SIGN_IN_LIMITER" | "WRITE_LIMITER";
  /** The variable that says how many requests the binding lets through in its period. */
  quota: "SIGN_IN_LIMIT" | "WRITE_LIMIT";
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
