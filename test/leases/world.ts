/** A parameter group in a simulated AWS, and a lease on it that can fail between any two steps. */
import type { AwsFailureKind } from "../../src/aws/client.ts";
import type { LogSettings } from "../../src/environments/parameter-group.ts";
import { type Changed, type LeasedGroup, type LeaseFailure, reconcile } from "../../src/leases/reconcile.ts";
import {
  addHolder,
  IDLE,
  isOn,
  isSame,
  LATE_MS,
  type LeaseState,
  MAX_RESETS,
  removeHolder,
} from "../../src/leases/state.ts";
import { GENERAL_LOG_SWITCH } from "../../src/logs/general/switch.ts";

/** For how long AWS may still show what a group had before a change. */
const STALE_MS = 30_000;

/** How AWS takes a call: `stale` shows an older state, `late` carries it out a while later, the answer to it being lost. */
export type Answer = "ok" | "stale" | "refused" | "denied" | "throttled" | "done-but-lost" | "lost" | "late";

/** Something that happens. */
export type Happening =
  | { what: "acquire" | "release"; captureId: number }
  /** The step that the lease waits for is answered. */
  | { what: "answer"; how: Answer; delay: number }
  /** The object crashes; a change that is under way ends like this. */
  | { what: "crash"; how: "done-but-lost" | "lost" | "late"; delay: number }
  /** AWS works for a while: all steps are answered. */
  | { what: "calm" }
  | { what: "alarm" }
  | { what: "time"; by: number }
  /** From now on values can, or can't, be taken away; if not, AWS says so, or confirms what it does not do. */
  | { what: "resets"; how: "work" | "fail" | "do nothing" }
  /** A person changes the group, while no capture uses it. */
  | { what: "person"; settings: LogSettings };

/** What the lease waits for: its disk, or AWS. */
interface Step {
  kind: "sync" | "read" | "change";
  settings: LogSettings;
  since: number;
}

const failureOf = (kind: AwsFailureKind): LeaseFailure => ({
  kind,
  code: "Simulated",
  message: "simulated",
  action: "rds:Simulated",
});

/** Whether a change takes values away. */
const takesAway = (settings: LogSettings) =>
  Object.keys(GENERAL_LOG_SWITCH.defaults).some((name) => settings[name as keyof LogSettings] === undefined);

/** The lease and its group. */
export class World {
  now = 0;
  /** What the group has. */
  own: LogSettings;
  /** What it had before the captures. */
  original: LogSettings;
  /** What is on the lease's disk. */
  disk: LeaseState = IDLE;
  /** What it has in memory. */
  memory: LeaseState = IDLE;
  changes = 0;
  /** Whether a change arrives, or has arrived, later than its caller waited for it. */
  hasLate = false;
  readonly faults: string[] = [];
  /** Whether the defaults were written where there had been no values. */
  wroteDefaults = false;
  #resets: "work" | "fail" | "do nothing" = "work";
  /** How often values were to be taken away since logging was switched on, and whether that was not allowed. */
  #resetting = { attempts: 0, denied: false };
  #late: { at: number; settings: LogSettings }[] = [];
  #before: { own: LogSettings; at: number } | null = null;
  #step: { step: Step; resolve: (value: never) => void } | undefined;
  #life = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(original: LogSettings) {
    this.own = original;
    this.original = original;
  }

  /** Lets something happen, and all that follows from it at once. */
  async happen(happening: Happening): Promise<void> {
    switch (happening.what) {
      case "calm":
        for (let i = 0; i < 12 && this.#step !== undefined; i++) {
          await this.happen({ what: "answer", how: "ok", delay: 0 });
        }
        break;
      case "acquire":
        this.#change((state) => addHolder(state, happening.captureId));
        this.#reconcile(happening.captureId);
        break;
      case "release":
        this.#change((state) => removeHolder(state, happening.captureId));
        this.#reconcile();
        break;
      case "alarm":
        if (this.#step === undefined) this.#reconcile();
        break;
      case "answer":
        this.#answer(happening.how, happening.delay);
        break;
      case "crash":
        this.#crash(happening.how, happening.delay);
        break;
      case "time":
        // Compared with AWS, a disk answers at once.
        if (this.#step?.step.kind !== "sync") this.now += happening.by;
        break;
      case "resets":
        this.#resets = happening.how;
        break;
      case "person":
        if (this.memory.found === null && this.memory.holders.length === 0 && this.#step === undefined) {
          this.own = happening.settings;
          this.original = happening.settings;
        }
    }
    this.#arrive();
    for (let i = 0; i < 30; i++) await null;
    this.#check();
  }

  /** Lets AWS recover and time pass until nothing is left to do. */
  async recover(): Promise<void> {
    for (let i = 0; i < 120; i++) {
      await this.happen({ what: "answer", how: "ok", delay: 0 });
      if (this.#step !== undefined) continue;
      await this.happen({ what: "time", by: LATE_MS / 4 });
      await this.happen({ what: "alarm" });
    }
  }

  #change(transition: (state: LeaseState) => LeaseState): void {
    this.memory = transition(this.memory);
    // An answer leaves the object only when what led to it is on disk; until then it is as if nobody had asked.
    this.disk = this.memory;
  }

  #reconcile(captureId?: number): void {
    const life = this.#life;
    this.#queue = this.#queue.then(async () => {
      const result = await reconcile(this.#group(life));
      if (!result.ok || captureId === undefined || this.hasLate) return;
      // What a capture is told: the log is on.
      if (this.memory.holders.includes(captureId) && !isOn(this.own)) this.faults.push("told on, but is off");
    });
  }

  #group(life: number): LeasedGroup {
    const ask = <T>(kind: Step["kind"], settings: LogSettings = {}) =>
      new Promise<T>((resolve) => {
        if (life !== this.#life) return;
        this.#step = {
          step: { kind, settings, since: this.now },
          resolve: resolve as (value: never) => void,
        };
      });
    return {
      now: () => this.now,
      state: () => this.memory,
      update: async (transition) => {
        this.memory = transition(this.memory);
        await ask<void>("sync");
      },
      read: () => ask("read"),
      change: (settings) => {
        this.changes++;
        if (isOn(this.original)) this.faults.push("changed a group that logged already");
        this.#watchResets(settings);
        return ask<Changed>("change", settings);
      },
    };
  }

  #answer(how: Answer, delay: number): void {
    const pending = this.#step;
    if (pending === undefined) return;
    this.#step = undefined;
    const resolve = pending.resolve as (value: unknown) => void;
    const { step } = pending;
    if (step.kind === "sync") {
      this.disk = this.memory;
      resolve(undefined);
    } else if (step.kind === "read") {
      const isStale = how === "stale" && this.#before !== null && this.now <= this.#before.at + STALE_MS;
      const value = isStale ? this.#before?.own : this.own;
      resolve(
        how === "ok" || isStale ? { ok: true, value } : { ok: false, failure: failureOf("unavailable") },
      );
      // What was shown once is not hidden again.
      if (how === "ok") this.#before = null;
    } else {
      this.#send(step, how, delay);
      const isFailing = this.#resets === "fail" && takesAway(step.settings);
      const isAccepted = (how === "ok" || how === "stale") && !isFailing;
      const isRefused = how === "refused" || how === "denied" || how === "throttled";
      if (how === "denied" && takesAway(step.settings)) this.#resetting.denied = true;
      const outcome = isAccepted ? "accepted" : isRefused ? "refused" : "lost";
      const kind = how === "denied" || how === "throttled" ? how : "unavailable";
      resolve({ outcome, failure: failureOf(kind) });
    }
  }

  #send({ settings, since }: Step, how: Answer, delay: number): void {
    // AWS can't.
    if (this.#resets !== "work" && takesAway(settings)) return;
    if (how === "ok" || how === "stale" || how === "done-but-lost") this.#apply(settings);
    if (how !== "late") return;
    this.hasLate = true;
    // So that AWS shows it before the lease reads the group again.
    this.#late.push({ at: since + Math.min(delay, LATE_MS - STALE_MS - 1), settings });
  }

  /** The defaults are written where taking values away is not allowed or has been tried often, and nowhere else. */
  #watchResets(settings: LogSettings): void {
    if (isOn(settings)) this.#resetting = { attempts: 0, denied: false };
    else if (takesAway(settings)) this.#resetting.attempts++;
    else if (takesAway(this.original)) {
      this.wroteDefaults = true;
      const { attempts, denied } = this.#resetting;
      if (!denied && attempts < MAX_RESETS) this.faults.push("wrote defaults without need");
    }
  }

  #apply(settings: LogSettings): void {
    this.#before = { own: this.own, at: this.now };
    this.own = settings;
  }

  #arrive(): void {
    const due = this.#late.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at);
    this.#late = this.#late.filter(({ at }) => at > this.now);
    for (const { settings, at } of due) {
      this.#before = { own: this.own, at };
      this.own = settings;
    }
  }

  #crash(how: Answer, delay: number): void {
    const step = this.#step?.step;
    if (step?.kind === "change") this.#send(step, how, delay);
    this.#life++;
    this.#step = undefined;
    this.#queue = Promise.resolve();
    this.memory = this.disk;
  }

  #check(): void {
    const { found } = this.memory;
    if (found === null && this.disk.found === null && isSame(this.own, this.original)) {
      // All is deleted: what the group has now is what the next capture finds.
      this.original = this.own;
      this.wroteDefaults = false;
    }
    if (found !== null && found !== this.original) this.faults.push("what was found is not what was there");
    this.#checkAnswerable(this.memory);
    this.#checkAnswerable(this.disk);
  }

  /** Somebody is answerable for what is, or may be, changed; holders before those who were released. */
  #checkAnswerable({ has, holders, answerable }: LeaseState): void {
    if (has !== "found" && answerable.length === 0) this.faults.push("nobody is answerable for the group");
    if (has === "logging" && holders.length > 0 && answerable.some((id) => !holders.includes(id))) {
      this.faults.push("the log is on for others, and somebody is answerable who was released");
    }
  }

  /** Whether the group is as it was before the captures: exactly, unless values could not be taken away. */
  isRestored(): boolean {
    const { own, original } = this;
    return isSame(own, original) && (this.wroteDefaults || isEqual(own, original));
  }
}

const isEqual = (a: LogSettings, b: LogSettings) =>
  a.general_log === b.general_log && a.log_output === b.log_output;
