import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll } from "vitest";
import { reportProvoked } from "./support/contract.ts";

await applyD1Migrations(env.DB, env.MIGRATIONS);

afterAll(reportProvoked);
