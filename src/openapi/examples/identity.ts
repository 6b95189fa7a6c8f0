/* Examples of accounts, sessions and API keys, as the API would answer them. */

/** A moment. */
export const time = "2026-11-23T08:45:17.228Z";
/** Somebody with an account. */
export const user = {
  id: "0wIn8Nq8RabNTeJ3hTgZIAv74UrDQBxH",
  name: "Demo",
  email: "demo@example.com",
  emailVerified: false,
  image: null,
  createdAt: time,
  updatedAt: time,
};
/** The token of a session. */
export const token = "fFHwk8IJJn4qRAWcc062wFApEZbG7btb";
/** A session. */
export const session = {
  id: "pKMV5cYEkkkyYYi5HvBsDnuu3xS9Byum",
  token,
  userId: user.id,
  expiresAt: "2026-11-30T08:45:17.228Z",
  createdAt: time,
  updatedAt: time,
  ipAddress: "192.0.2.1",
  userAgent: "curl/8.14.1",
};
/** An API key itself. */
export const secretKey = "captures_HPqvdykjipvOlhENGVeWQtAkZuwZBQed4x0Kb7Zq0Htcu6";
/** An API key, without the key itself. */
export const apiKey = {
  id: "xzy6mbW83OAeW6NuvuViBVmlQBEWHh7i",
  configId: "default",
  name: "nightly job",
  start: "captures_HPqv",
  prefix: "captures_",
  referenceId: user.id,
  enabled: true,
  scope: "read",
  envId: 1,
  lastRequest: "2026-11-23T00:00:00.000Z",
  expiresAt: "2027-02-21T08:45:17.228Z",
  createdAt: time,
  updatedAt: time,
  refillInterval: null,
  refillAmount: null,
  lastRefillAt: null,
  rateLimitEnabled: false,
  rateLimitTimeWindow: 86_400_000,
  rateLimitMax: 10,
  requestCount: 0,
  remaining: null,
  permissions: null,
  metadata: null,
};
