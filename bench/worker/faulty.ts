import type { Env } from "../../src/env.ts";
import service, { LogLease as Lease, CaptureRunner as Runner } from "../../src/index.ts";
import { FAULTS_PATH } from "../soak/plan.ts";
import { faulty, parsePlan, planFaults, struck } from "./faults.ts";

/* The Worker of the soak: the service, whose D1, R2 and Durable Objects fail as `PUT /bench/faults` says. */

/** The service's own, on a platform that fails. */
export class CaptureRunner extends Runner {
  constructor(state: DurableObjectState, env: Env) {
    super(state, faulty(env));
  }
}

/** The service's own, on a platform that fails. */
export class LogLease extends Lease {
  constructor(state: DurableObjectState, env: Env) {
    super(state, faulty(env));
  }
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== FAULTS_PATH) return service.fetch(request, faulty(env), context);
    if (request.method === "PUT") planFaults(parsePlan(await request.text()));
    return Response.json(struck());
  },
  scheduled: (controller, env) => service.scheduled(controller, faulty(env)),
} satisfies ExportedHandler<Env>;
