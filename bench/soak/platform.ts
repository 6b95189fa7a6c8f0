import { setTimeout as pause } from "node:timers/promises";
import type { Dice } from "../../test/local-aws/random.ts";
import type { Service } from "../service.ts";
import { BINDINGS, FAULTS_PATH, type FaultCounts, type FaultPlan } from "./plan.ts";

/** How likely a call is to fail while single ones do. */
const CHANCE = 0.04;
/** How long a stretch of each kind lasts at least, and how much longer at most. On the platform, outages last for minutes. */
const STRETCH_MS = { calm: [3000, 5000], single: [4000, 8000], outage: [3000, 17_000] } as const;
const KINDS = ["calm", "single", "outage"] as const;
/** A request that was under way when a fault ended may still fail for it. */
const SLACK_MS = 1000;

/** The platform under the service, which is made to fail. */
export class Platform {
  readonly #service: Service;
  #isFailing = false;
  #failedUntil = 0;

  constructor(service: Service) {
    this.#service = service;
  }

  /** Whether D1, R2 or Durable Objects were failing at some time since then, in milliseconds since the epoch. */
  hasFailedSince(time: number): boolean {
    return this.#isFailing || time <= this.#failedUntil + SLACK_MS;
  }

  /** Lets no call fail for a while, then single ones, then all of one part, by turns, until it is told to stop. */
  async failAtRandom(dice: Dice, signal: AbortSignal): Promise<void> {
    for (let n = 0; !signal.aborted; n++) {
      const kind = KINDS[n % KINDS.length] as (typeof KINDS)[number];
      const away = BINDINGS[Math.floor(n / KINDS.length) % BINDINGS.length] as (typeof BINDINGS)[number];
      const [least, more] = STRETCH_MS[kind];
      const lastsMs = least + dice.below(more);
      await this.#tell({
        seed: dice.below(1e6),
        chance: kind === "single" ? CHANCE : 0,
        away: kind === "outage" ? away : null,
      });
      await pause(lastsMs, undefined, { signal }).catch(() => undefined);
    }
    await this.#tell({ seed: 0, chance: 0, away: null });
  }

  /** How often each kind of fault has happened. */
  async struck(): Promise<FaultCounts> {
    return JSON.parse((await this.#send("GET")).text) as FaultCounts;
  }

  async #tell(plan: FaultPlan): Promise<void> {
    const isFailing = plan.chance > 0 || plan.away !== null;
    // Before the first can happen, and after the last has.
    if (isFailing) this.#isFailing = true;
    const { status, text } = await this.#send("PUT", plan);
    if (status !== 200) throw new Error(`The soak's Worker answered ${status} ${text}`);
    if (isFailing) return;
    if (this.#isFailing) this.#failedUntil = Date.now();
    this.#isFailing = false;
  }

  #send(method: string, plan?: FaultPlan) {
    const sent = { method, path: FAULTS_PATH };
    return this.#service.client.send(plan === undefined ? sent : { ...sent, body: JSON.stringify(plan) });
  }
}
