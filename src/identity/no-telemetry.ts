/*
 * Stands in for better-auth's telemetry in the Worker's bundle (`[alias]` in wrangler.toml): it is switched off here, so that
 * nothing is ever sent, and it is 9 KB.
 */

/** Makes what better-auth tells its events, which goes nowhere. */
export const createTelemetry = () => Promise.resolve({ publish: () => Promise.resolve() });

/** What telemetry would say of the configuration: nothing. */
export const getTelemetryAuthConfig = () => Promise.resolve({});
