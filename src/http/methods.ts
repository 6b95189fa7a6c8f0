const SAFE: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/** Whether a request by this method only reads (RFC 9110, 9.2.1). */
export const isSafe = (method: string): boolean => SAFE.includes(method);
