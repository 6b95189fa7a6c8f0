import { setTimeout as pause } from "node:timers/promises";
import type { Capture } from "../../src/client/index.ts";
import { Dice } from "../../test/local-aws/random.ts";
import type { BenchEnvironment, Service } from "../service.ts";
import type { Promised } from "./history.ts";
import type { Platform } from "./platform.ts";
import { wrongReply } from "./replies.ts";

/** How many people use the service at a time. */
const PEOPLE = 8;
const MAX_PAUSE_MS = 120;
/** How many captures may be live: what is made beyond is made later, so that the load stays the same. */
const MAX_LIVE = 40;
/** How far ahead captures are scheduled. */
const MAX_AHEAD_MS = 15_000;
/** The shortest that the API takes, in seconds. */
const DURATION = 60;
const AWAY = [502, 503, 504];
/** How long whoever asks for a capture waits before asking again, with the same key, and how often. */
const AGAIN_MS = 1000;
const MAX_AGAIN = 120;

interface Action {
  name: string;
  /** How often, against the others. */
  weight: number;
  run(crowd: Crowd, dice: Dice): Promise<void>;
}

const ACTIONS: readonly Action[] = [
  {
    name: "read a capture",
    weight: 25,
    run: (crowd, dice) => crowd.ask("GET", `/captures/${crowd.anyId(dice)}`, [200, 404]),
  },
  {
    name: "list captures",
    weight: 15,
    run: (crowd, dice) => {
      const envId = dice.pick(crowd.environments).id;
      const query = dice.pick(["limit=50", `envId=${envId}&limit=20`, "status=RUNNING&limit=20"]);
      return crowd.ask("GET", `/captures?${query}`, [200]);
    },
  },
  {
    name: "read a history",
    weight: 8,
    run: (crowd, dice) => crowd.ask("GET", `/captures/${crowd.anyId(dice)}/events`, [200, 404]),
  },
  {
    name: "read metrics",
    weight: 6,
    // AWS may fail, and may have refused.
    run: (crowd, dice) => crowd.ask("GET", `/captures/${crowd.anyId(dice)}/metrics`, [200, 404, ...AWAY]),
  },
  {
    name: "read a workload",
    weight: 6,
    run: (crowd, dice) => crowd.ask("GET", `/captures/${crowd.anyId(dice)}/workload`, [200, 404]),
  },
  {
    name: "rename a capture",
    weight: 8,
    run: (crowd, dice) =>
      crowd.ask("PUT", `/captures/${crowd.anyId(dice)}`, [200, 404], { name: crowd.newName("renamed") }),
  },
  { name: "make a capture", weight: 16, run: (crowd, dice) => crowd.create(dice) },
  { name: "stop a capture", weight: 10, run: (crowd, dice) => crowd.stop(crowd.anyId(dice)) },
  { name: "delete a capture", weight: 2, run: (crowd, dice) => crowd.delete(crowd.anyId(dice)) },
];
const BAG = ACTIONS.flatMap((action) => Array<Action>(action.weight).fill(action)) as [Action, ...Action[]];

/** People who use the service in every way at once, and keep what they were told. */
export class Crowd {
  readonly environments: readonly [BenchEnvironment, ...BenchEnvironment[]];
  /** What was answered as the API's description does not allow. */
  readonly problems: string[] = [];
  /** What each capture's makers were told, by its id. */
  readonly captures = new Map<number, Promised>();
  /** How many requests were answered. */
  requests = 0;
  /** How many captures are live, as far as is known. */
  live = 0;
  /** How many were answered 503 while the platform failed. */
  refusals = 0;
  readonly #service: Service;
  readonly #platform: Platform;
  /** The captures that are still asked about: the last ones. */
  #recent: number[] = [];
  #names = 0;

  constructor(
    service: Service,
    platform: Platform,
    environments: readonly [BenchEnvironment, ...BenchEnvironment[]],
  ) {
    this.#service = service;
    this.#platform = platform;
    this.environments = environments;
  }

  /** Lets everybody do one thing after the other until they are told to stop. */
  async run(seed: number, signal: AbortSignal): Promise<void> {
    const person = async (dice: Dice) => {
      await this.create(dice);
      while (!signal.aborted) {
        await dice.pick(BAG).run(this, dice);
        await pause(dice.below(MAX_PAUSE_MS));
      }
    };
    await Promise.all(Array.from({ length: PEOPLE }, (_, n) => person(new Dice(seed + n))));
  }

  /** A capture that is there, or was a while ago; mostly a new one. */
  anyId(dice: Dice): number {
    return this.#recent[dice.below(this.#recent.length)] ?? 1;
  }

  /** A name that no capture had yet. */
  newName(what: string): string {
    return `${what} ${++this.#names}`;
  }

  /** Sends a request whose reply has to have one of these statuses. */
  async ask(method: string, path: string, statuses: readonly number[], body?: unknown): Promise<void> {
    await this.#send(method, path, statuses, body);
  }

  /** Makes a capture: now, for a duration or until it is stopped; in some seconds; or back-dated. */
  async create(dice: Dice): Promise<void> {
    if (this.live >= MAX_LIVE) return;
    this.live++;
    const envId = dice.pick(this.environments).id;
    const now = Date.now();
    const when = dice.pick<Record<string, unknown>>([
      {},
      { duration: DURATION },
      { scheduledStart: new Date(now + dice.below(MAX_AHEAD_MS)).toISOString(), duration: DURATION },
      { scheduledStart: new Date(now + dice.below(MAX_AHEAD_MS)).toISOString() },
      { start: new Date(now - 600_000).toISOString(), duration: DURATION },
    ]);
    const name = this.newName("capture");
    const body = { name, envId, ...when };
    // Only who asks again learns whether a capture was made whose answer was lost.
    for (let i = 0; i < MAX_AGAIN; i++) {
      const answered = await this.#send("POST", "/captures", [200], body, { "idempotency-key": `"${name}"` });
      if (answered.status === 200) {
        const { id } = JSON.parse(answered.text) as Capture;
        this.captures.set(id, { stopped: false, deleted: false });
        this.#recent = [...this.#recent.slice(1 - MAX_LIVE), id];
      }
      if (answered.status !== 503) return;
      await pause(AGAIN_MS);
    }
    this.problems.push(`${name} was asked for ${MAX_AGAIN} times`);
  }

  /** Stops a capture, if it runs. */
  async stop(id: number): Promise<void> {
    const { status } = await this.#send("POST", `/captures/${id}/stop`, [200, 404, 409]);
    if (status === 200) this.#told(id).stopped = true;
    else if (status === 503) this.#told(id).stopped ||= "unknown";
  }

  /** Deletes a capture, if it is there. */
  async delete(id: number): Promise<void> {
    const { status } = await this.#send("DELETE", `/captures/${id}`, [200, 404]);
    if (status === 200) this.#told(id).deleted = true;
    else if (status === 503) this.#told(id).deleted ||= "unknown";
  }

  #told(id: number): Promised {
    const promised = this.captures.get(id);
    if (promised === undefined) throw new Error(`Nobody made capture ${id}`);
    return promised;
  }

  /** @returns what it was answered; the status is 0 if nothing was */
  async #send(
    method: string,
    path: string,
    allowed: readonly number[],
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<{ status: number; text: string }> {
    const headers = { ...this.#service.caller.headers, ...more };
    const sent = { method, path: `/api${path}`, headers };
    const since = Date.now();
    try {
      const answer = await this.#service.client.send(
        body === undefined ? sent : { ...sent, body: JSON.stringify(body) },
      );
      const { status, text } = answer;
      this.requests++;
      const retryAfter = answer.headers["retry-after"];
      const isPlatformFailing = this.#platform.hasFailedSince(since);
      const wrong = wrongReply({ status, retryAfter, allowed, isPlatformFailing });
      if (wrong !== null) this.problems.push(`${method} ${path} ${wrong}: ${text.slice(0, 200)}`);
      else if (!allowed.includes(status)) this.refusals++;
      return { status, text };
    } catch (error) {
      this.problems.push(`${method} ${path} was not answered: ${(error as Error).message}`);
      return { status: 0, text: "" };
    }
  }
}
