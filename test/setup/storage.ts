import { env } from "cloudflare:workers";

// Without cloudflare:test, whose `applyD1Migrations` makes one batch of each migration, and which loads the whole Worker.
await env.DB.batch(env.MIGRATIONS.flatMap(({ queries }) => queries).map((query) => env.DB.prepare(query)));

/**
 * Never called. Vitest sends a file all modules at once that its setup files import, also those that are imported when they are
 * needed, and others one by one: this is the Worker, and what most tests ask it with.
 */
export const mostModules = (): Promise<object> => import("../support/api.ts");
