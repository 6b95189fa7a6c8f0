/*
 * Every table of the service, for `npm run migrations:generate`: nothing in the Worker's bundle imports them. Times are integers,
 * milliseconds since the Unix epoch. No foreign key cascades: the table rebuilds of later migrations would fire them on D1 (drizzle-orm
 * issue 4938).
 */

export * from "./accounts.ts";
export * from "./audit.ts";
export * from "./captures.ts";
export * from "./cleanup.ts";
export * from "./environments.ts";
export * from "./idempotency.ts";
export * from "./identity.ts";
export * from "./leases.ts";
export * from "./schedules.ts";
export * from "./webhooks.ts";
