import { setTimeout as pause } from "node:timers/promises";
import { type Capture, CapturesError, type NewCapture } from "../../../src/client/index.ts";
import type { Dice } from "../../../test/local-aws/random.ts";
import type { DemoUser } from "../demo-user.ts";

/** What the service has said of a capture that was made. */
export interface Made {
  id: number;
  environment: string;
  /** Whether it was stopped by hand. */
  isStopped: boolean;
  /** The end that the stop was answered with; null when that answer was lost. */
  stoppedAt: string | null;
}

/** The shortest that the API takes, in seconds; and what leaves a capture that starts late, for all the kills, time to record. */
const DURATION = 60;
const SCHEDULED_DURATION = 240;
/** How far ahead captures are scheduled, and how far back they are dated. */
const MAX_AHEAD_MS = 15_000;
const MAX_BACK_MS = 100_000;
/** How many may be live. */
const MAX_LIVE = 8;
const MAX_PAUSE_MS = 5000;
/** A capture that ends by itself within this time is not stopped. */
const SOON_MS = 20_000;
const POLL_MS = 500;
const DRAIN_MS = 240_000;

/** The ways to make a capture. */
const KINDS: readonly [Kind, ...Kind[]] = [
  () => ({}),
  () => ({ duration: DURATION }),
  (dice, now) => ({ scheduledStart: iso(now + dice.below(MAX_AHEAD_MS)) }),
  (dice, now) => ({ scheduledStart: iso(now + dice.below(MAX_AHEAD_MS)), duration: SCHEDULED_DURATION }),
  (dice, now) => ({ start: iso(now - dice.below(MAX_BACK_MS)), duration: DURATION }),
];
type Kind = (dice: Dice, now: number) => Omit<NewCapture, "name" | "envId">;

const iso = (time: number) => new Date(time).toISOString();
const hasEnded = ({ status }: Capture) => status === "DONE" || status === "FAILED";

/** People who make and stop captures, whether or not the service is alive, and remember what they were told. */
export class Captures {
  readonly made = new Map<number, Made>();
  readonly #user: DemoUser;
  readonly #dice: Dice;
  readonly #environments: readonly [string, ...string[]];
  #count = 0;

  /** @param user one that retries while the service is dead */
  constructor(user: DemoUser, dice: Dice, environments: readonly [string, ...string[]]) {
    this.#user = user;
    this.#dice = dice;
    this.#environments = environments;
  }

  /** Makes one of every kind, in all environments by turns. */
  async makeAll(): Promise<void> {
    for (const kind of KINDS) await this.#make(kind);
  }

  /** Makes one of any kind. */
  make(): Promise<void> {
    return this.#make(this.#dice.pick(KINDS));
  }

  /** Goes on making and stopping captures until it is told to end. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const live = (await this.#all()).filter((capture) => !hasEnded(capture));
      if (live.length < MAX_LIVE && this.#dice.next() < 0.7) await this.make();
      else await this.stopOne();
      await pause(this.#dice.below(MAX_PAUSE_MS), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Stops a capture that runs, if there is one: one that has no end of its own rather than another. */
  async stopOne(): Promise<void> {
    const running = (await this.#all()).filter(({ status }) => status === "RUNNING");
    const one = running.findLast(({ scheduledEnd }) => scheduledEnd === null) ?? running.at(-1);
    if (one !== undefined) await this.#stop(one.id);
  }

  /** Lets all come to their end: those that do not end soon are stopped. @returns all, as they are then */
  async drain(): Promise<Capture[]> {
    const deadline = Date.now() + DRAIN_MS;
    for (;;) {
      const all = await this.#all();
      if (all.every(hasEnded) || Date.now() > deadline) return all;
      for (const { id, status, scheduledEnd } of all) {
        const end = scheduledEnd === null ? Number.POSITIVE_INFINITY : Date.parse(scheduledEnd);
        if (status === "RUNNING" && end > Date.now() + SOON_MS) await this.#stop(id);
      }
      await pause(POLL_MS);
    }
  }

  /** Those of its own environments: the demo has captures of others. */
  #all(): Promise<Capture[]> {
    return this.#user.captures(this.#environments);
  }

  async #make(kind: Kind): Promise<void> {
    const n = ++this.#count;
    const environment = this.#environments[n % this.#environments.length] ?? this.#environments[0];
    const fields = kind(this.#dice, Date.now());
    const { id } = await this.#user.createCapture(`capture ${n}`, environment, fields);
    this.made.set(id, { id, environment, isStopped: false, stoppedAt: null });
  }

  async #stop(id: number): Promise<void> {
    const made = this.made.get(id);
    if (made === undefined) throw new Error(`Nobody made capture ${id}`);
    try {
      const { end } = await this.#user.stop(id);
      made.isStopped = true;
      made.stoppedAt = end;
    } catch (error) {
      // Its answer was lost, and it was sent again; or the capture has ended by itself meanwhile.
      if (!(error instanceof CapturesError && error.status === 409)) throw error;
      const events = await this.#user.events(id);
      made.isStopped = events.some(({ to, actor }) => to === "STOPPING" && actor.type === "user");
    }
  }
}
