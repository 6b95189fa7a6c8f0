import type { Env } from "../../src/env.ts";
import { CaptureRunner as Runner } from "../../src/index.ts";
import type { Answer, Call } from "../simulation/calls.ts";
import { remoteDatabase } from "./remote-database.ts";

/* A shard of the simulation: runners as they are, whose D1 is in another process, and who are called over HTTP. */

export { LogLease } from "../../src/index.ts";

type ShardEnv = Env & { D1_URL: string; D1_NAME: string };

/** The service's own, whose database is in another process. */
export class CaptureRunner extends Runner {
  constructor(state: DurableObjectState, env: ShardEnv) {
    super(state, { ...env, DB: remoteDatabase(env.D1_URL, env.D1_NAME) });
  }
}

type Method = (...args: unknown[]) => Promise<unknown>;

async function answer(env: Env, { name, method, args }: Call): Promise<Answer> {
  const runner = env.CAPTURE_RUNNER.getByName(name) as unknown as Record<string, Method>;
  try {
    return { value: await runner[method]?.(...args) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

export default {
  fetch: async (request, env) => Response.json(await answer(env, await request.json())),
} satisfies ExportedHandler<ShardEnv>;
