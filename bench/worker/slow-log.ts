import { DurableObject } from "cloudflare:workers";
import type { Env } from "../../src/env.ts";
import { SLOW } from "../../src/logs/slow/kind.ts";
import { beginFollowing, follow } from "../../src/workload/collecting/follower.ts";
import type { FollowerState } from "../../src/workload/collecting/follower-state.ts";
import { Digests } from "../../src/workload/digest.ts";
import type { FragmentStore } from "../../src/workload/stored/fragments.ts";
import { emptyManifest } from "../../src/workload/stored/manifest.ts";
import { SeriesStore } from "../../src/workload/timing/series-store.ts";
import { EndlessLog, lastFragment } from "./log.ts";

const WINDOW = { start: 0, end: null };

/** What is kept between the steps of a following. */
interface Followed {
  source: EndlessLog;
  state: FollowerState;
  digests: Digests;
  fragments: FragmentStore;
}

/** The log: an object that nobody calls for ten seconds is evicted, and its module stays. */
let source: EndlessLog | undefined;

/** Follows a slow log that is in memory: in a Durable Object as a capture's runner does, since its series are in a database there. */
export class SlowLogFollower extends DurableObject<Env> {
  readonly #series: SeriesStore;
  #followed: Followed | undefined;

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
    this.#followed ??= await this.#begin(source);
    return Response.json(await this.#step(this.#followed));
  }

  async #begin(source: EndlessLog): Promise<Followed> {
    const begun = await beginFollowing(source, emptyManifest(1, "secrets", "slow"), WINDOW, true);
    if (!begun.ok) throw new Error(begun.failure.message);
    this.#series.clear();
    return { source, state: begun.value, digests: new Digests(), fragments: lastFragment() };
  }

  async #step(followed: Followed) {
    const { source, state: before, digests, fragments } = followed;
    const series = this.#series.delta();
    const step = await follow(before, { digests, series }, source, fragments, async () => WINDOW);
    if (!step.ok) throw new Error(step.failure.message);
    const { state, caughtUp } = step.value;
    const records = { from: before.manifest.records, to: state.manifest.records };
    if (!this.#series.add(series, digests, records)) throw new Error("The series were not added");
    followed.state = state;
    if (caughtUp) this.#followed = undefined;
    const points = caughtUp ? (this.#series.read()?.starts.length ?? 0) : 0;
    return { manifest: state.manifest, bytesRead: state.position.bytesRead, caughtUp, points };
  }
}
