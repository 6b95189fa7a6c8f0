/** How long a request may take: longer than the service waits for AWS, and than a list takes on a bad connection. */
export const TIMEOUT_MS = 60_000;
