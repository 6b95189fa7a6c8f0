import type { Env } from "../../src/env.ts";
import service from "../../src/index.ts";
import { type Answer, type Call, SHARDS_PATH } from "../simulation/calls.ts";

/*
 * The API of the simulation: the service, whose runners are in other processes. The platform finds an object by its id; so does
 * this, which takes the capture's number for it.
 */

export { CaptureRunner, LogLease } from "../../src/index.ts";

let shards: readonly string[] = [];

async function call(request: Call): Promise<unknown> {
  const shard = shards[Number(request.name) % shards.length];
  if (shard === undefined) throw new Error("Nobody has said where the shards are");
  const reply = await fetch(shard, { method: "POST", body: JSON.stringify(request) });
  const answer = await reply.json<Answer>();
  if ("error" in answer) throw new Error(answer.error);
  return answer.value;
}

/** Stands for a runner: each of its methods is a request to its shard. */
const runner = (name: string) =>
  new Proxy(
    {},
    {
      get:
        (_, method: string) =>
        (...args: unknown[]) =>
          call({ name, method, args }),
    },
  );

/** The service's bindings, with the runners of all shards as one namespace. */
const routed = (env: Env): Env => ({
  ...env,
  CAPTURE_RUNNER: { getByName: runner } as unknown as Env["CAPTURE_RUNNER"],
});

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== SHARDS_PATH) return service.fetch(request, routed(env), context);
    shards = await request.json();
    return new Response();
  },
  scheduled: (controller, env) => service.scheduled(controller, routed(env)),
} satisfies ExportedHandler<Env>;
