import { env } from "cloudflare:workers";

// Without cloudflare:test, whose `applyD1Migrations` makes one batch of each migration, and which loads the whole Worker.
await env.DB.batch(env.MIGRATIONS.flatMap(({ queries }) => queries).map((query) => env.DB.prepare(query)));
