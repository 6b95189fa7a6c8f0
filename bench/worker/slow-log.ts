import { DurableObject } from "cloudflare:workers";
import type { Env } from "../../src/env.ts";
import { SLOW } from "../../src/logs/slow/kind.ts";
import { SeriesStore } from "../../src/workload/timing/series-store.ts";
import { EndlessLog, Following, lastFragment } from "./log.ts";

/** The log: an object that nobody calls for ten seconds is evicted, and its module stays. */
let source: EndlessLog | undefined;

/** Follows a slow log that is in memory: in a Durable Object as a capture's runner does, since its series are in a database there. */
export class SlowLogFollower extends DurableObject<Env> {
  readonly #series: SeriesStore;
  #following: Following | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#series = new SeriesStore(ctx.storage.sql, "slow");
  }

  /** PUT gives it the log; each POST makes a step in following it, and the one after the last begins anew. */
  override async fetch(request: Request): Promise<Response> {
    if (request.method === "PUT") {
      const text = new Uint8Array(await request.arrayBuffer());
      source = new EndlessLog(text, text.length, { kind: SLOW });
      return new Response(null);
    }
    if (source === undefined) return new Response("There is no log", { status: 400 });
    this.#following ??= await this.#begin(source);
    const step = await this.#following.step();
    if (step.caughtUp) this.#following = undefined;
    const points = step.caughtUp ? (this.#series.read()?.starts.length ?? 0) : 0;
    return Response.json({ ...step, points });
  }

  async #begin(source: EndlessLog): Promise<Following> {
    const following = await Following.begin(source, lastFragment(), this.#series);
    this.#series.clear();
    return following;
  }
}
