/** A lease on the simulated group of world-group.ts, which can fail between any two steps. */
import type { AwsResult } from "../../src/aws/client.ts";
import type { AwsFailureKind } from "../../src/aws/error-codes.ts";
import type { ParameterSettings } from "../../src/environments/parameter-group.ts";
import {
  addHolder,
  capturesOf,
  forgetReleased,
  holds,
  leavers,
  letLeave,
  nextLeaving,
  removeHolder,
} from "../../src/leases/holders.ts";
import { IDLE, type LeaseState } from "../../src/leases/lease-state.ts";
import { type Holder, isOnFor, pick } from "../../src/leases/needs.ts";
import { type EnvId, nextCall } from "../../src/leases/next-call.ts";
import { type Changed, type LeasedGroup, type LeaseFailure, reconcile } from "../../src/leases/reconcile.ts";
import { LATE_MS } from "../../src/leases/state.ts";
import { Access } from "./world-access.ts";
import { type Answer, SimulatedGroup } from "./world-group.ts";
import { Judge, type JudgedLease } from "./world-judge.ts";

/** Something that happens. */
export type Happening =
  | { what: "acquire" | "release"; holder: Holder }
  /** From now on AWS denies an environment everything, or not. */
  | { what: "permission"; envId: number; isGiven: boolean }
  /** An environment is deleted, if nothing of it is left in the lease. */
  | { what: "delete"; envId: number }
  /** What an environment's released captures owe is abandoned. */
  | { what: "abandon"; envId: number }
  /** A capture ends: its logs stay on for a while. */
  | { what: "leave"; holder: Holder; grace: number }
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
  /** A person changes those parameters that no capture uses. */
  | { what: "person"; settings: ParameterSettings };

/** What the lease waits for: its disk, or AWS. */
interface Step {
  kind: "sync" | "read" | "describe" | "change";
  settings: ParameterSettings;
  since: number;
  /** Whose access AWS is asked with. */
  by: EnvId;
}

const failureOf = (kind: AwsFailureKind): LeaseFailure => ({
  kind,
  code: "Simulated",
  operation: "rds:Simulated",
  message: "simulated",
  action: "rds:Simulated",
});

/** The lease, its group and who judges it. */
export class World implements JudgedLease {
  now = 0;
  disk: LeaseState = IDLE;
  memory: LeaseState = IDLE;
  /** What should not have happened. */
  readonly faults: string[] = [];
  readonly access = new Access(this.faults);
  readonly #aws: SimulatedGroup;
  readonly #judge: Judge;
  /** The state in which the change was decided on that is sent now: others may come and go before it is on disk. */
  #decidedIn: LeaseState = IDLE;
  #step: { step: Step; resolve: (value: never) => void } | undefined;
  #life = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(original: ParameterSettings, offered: Record<string, string>) {
    this.#aws = new SimulatedGroup(original, offered);
    this.#judge = new Judge(this, this.#aws, this.access);
  }

  /** Lets something happen, and all that follows from it at once. */
  async happen(happening: Happening): Promise<void> {
    switch (happening.what) {
      case "calm":
        for (let i = 0; i < 12 && this.#step !== undefined; i++) {
          await this.happen({ what: "answer", how: "ok", delay: 0 });
        }
        break;
      case "permission":
        if (happening.isGiven) this.access.denied.delete(happening.envId);
        else this.access.denied.add(happening.envId);
        break;
      case "delete":
        // A release is confirmed when no call is under way any more.
        if (this.#step === undefined) this.access.delete(happening.envId, this.memory);
        break;
      case "abandon":
        this.#abandon(happening.envId);
        break;
      case "acquire":
        if (this.access.isDeleted(happening.holder.envId)) break;
        this.#change((state) => addHolder(state, this.#ofEngine(happening.holder)));
        this.#reconcile(happening.holder);
        break;
      case "release":
        this.#change((state) => removeHolder(state, happening.holder.captureId));
        this.#reconcile();
        break;
      case "leave":
        this.#change((state) => letLeave(state, happening.holder.captureId, this.now + happening.grace));
        break;
      case "alarm":
        for (const captureId of leavers(this.memory, this.now))
          this.#change((state) => removeHolder(state, captureId));
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
        this.#aws.resets = happening.how;
        break;
      case "person":
        if (this.#step === undefined) this.#letPersonChange(happening.settings);
    }
    // A change that AWS has accepted is not shown if a lost one is carried out before the group is read: it is to be made again.
    if (this.#aws.arrive(this.now) && this.#step?.step.kind === "read")
      this.access.failed.add(this.#step.step.by);
    for (let i = 0; i < 30; i++) await null;
    this.#judge.check();
  }

  /** Lets AWS recover and time pass until nothing is left to do. */
  async recover(): Promise<void> {
    let calm = 0;
    this.access.denied.clear();
    for (let i = 0; i < 120 && calm < 2; i++) {
      await this.happen({ what: "answer", how: "ok", delay: 0 });
      if (this.#step !== undefined) continue;
      // Nothing is under way, and an alarm has come since.
      const isLeaving = nextLeaving(this.memory) !== null;
      const isCalm = !isLeaving && !this.#aws.isLateDue && nextCall(this.memory, this.now).do === "rest";
      calm = isCalm ? calm + 1 : 0;
      await this.happen({ what: "time", by: LATE_MS / 4 });
      await this.happen({ what: "alarm" });
    }
  }

  #change(transition: (state: LeaseState) => LeaseState): void {
    this.memory = transition(this.memory);
    // An answer leaves the object only when what led to it is on disk; until then it is as if nobody had asked.
    this.disk = this.memory;
  }

  #letPersonChange(settings: ParameterSettings): void {
    const free = Object.keys(settings).filter((name) => !this.#judge.isLeased(name));
    this.#aws.set(pick(settings, free));
    this.#judge.expectLater(pick(settings, free));
  }

  #reconcile(holder?: Holder): void {
    const life = this.#life;
    this.#queue = this.#queue.then(async () => {
      this.access.failed.clear();
      const envId = holder?.envId;
      const mayAsk = (by: EnvId) => holder === undefined || by === envId;
      const result = await reconcile(this.#group(life, mayAsk), mayAsk);
      const failed = result.failures.get(envId);
      const hasLogs = holder !== undefined && isOnFor(holder, this.memory);
      const isTold = failed === undefined || (failed.isRestoring && hasLogs);
      if (!isTold || holder === undefined || this.#aws.hasLate) return;
      if (holds(this.memory, holder.captureId)) this.#judge.checkOn(holder);
    });
  }

  #group(life: number, mayAsk: (envId: EnvId) => boolean): LeasedGroup {
    const step = <T>(kind: Step["kind"], by?: EnvId, settings: ParameterSettings = {}) =>
      new Promise<T>((resolve) => {
        if (life !== this.#life) return;
        this.#step = {
          step: { kind, settings, since: this.now, by },
          resolve: resolve as (value: never) => void,
        };
      });
    const hasAccess = (by: EnvId) => this.access.isGiven(by, this.memory);
    const failure = failureOf("denied");
    const ask = async <T>(kind: Step["kind"], by: EnvId): Promise<AwsResult<T>> => {
      if (!hasAccess(by)) return { ok: false, failure };
      this.access.checkSigner(by, mayAsk);
      return step(kind, by);
    };
    return {
      now: () => this.now,
      state: () => this.memory,
      update: async (transition) => {
        this.#decidedIn = this.memory;
        this.memory = transition(this.memory);
        await step<void>("sync");
      },
      read: (by) => ask("read", by),
      describe: (by) => ask("describe", by),
      change: async (change) => {
        if (!hasAccess(change.by)) return { outcome: "refused", failure, isSent: false };
        this.access.checkSigner(change.by, mayAsk);
        this.access.checkPurpose(change, this.#decidedIn, mayAsk);
        this.#judge.checkChange(change);
        return step<Changed>("change", change.by, change.settings);
      },
    };
  }

  #answer(answer: Answer, delay: number): void {
    const pending = this.#step;
    if (pending === undefined) return;
    this.#step = undefined;
    const resolve = pending.resolve as (value: unknown) => void;
    const { step } = pending;
    const how = this.access.isDenied(step.by, step.kind) ? "denied" : answer;
    if (step.kind !== "sync" && (how !== "ok" || this.#aws.resets !== "work"))
      this.access.failed.add(step.by);
    if (step.kind === "sync") {
      this.disk = this.memory;
      resolve(undefined);
    } else if (step.kind === "change") {
      this.#send(step, how, delay);
      if (how === "denied") this.#judge.noteDenial(step.settings);
      const kind = how === "denied" || how === "throttled" ? how : "unavailable";
      const outcome = this.#aws.outcomeOf(step.settings, how);
      resolve({ outcome, failure: failureOf(kind), isSent: true });
    } else {
      const own = this.#aws.read(how, this.now);
      const value = step.kind === "read" ? own : { own, offered: this.#aws.offered };
      resolve(own === null ? { ok: false, failure: failureOf("unavailable") } : { ok: true, value });
    }
  }

  #send({ settings, since, by }: Step, how: Answer, delay: number): void {
    this.#judge.noteEnd(how, by);
    this.#aws.change(settings, how, this.now, since, delay);
  }

  #abandon(envId: number): void {
    const { memory } = this;
    if (this.#step !== undefined || this.#aws.isLateDue || memory.lostUntil !== null) return;
    const { released } = capturesOf(memory, envId);
    this.#change((state) => forgetReleased(state, released).state);
    const freed = Object.keys(memory.found).filter((name) => !this.#judge.isLeased(name));
    this.#judge.expectLater(pick(this.#aws.own, freed));
    // The output of a log that stays on.
    const { log_output } = this.memory.found;
    if (log_output !== undefined) this.#judge.expectLater({ log_output });
  }

  /** A capture of an engine that has defaults of its own, if the group says so of its output. */
  #ofEngine(holder: Holder): Holder {
    return "log_output" in this.#aws.offered ? { ...holder, hasOwnDefaults: true } : holder;
  }

  #crash(how: Answer, delay: number): void {
    const step = this.#step?.step;
    if (step?.kind === "change") this.#send(step, how, delay);
    this.#life++;
    this.#step = undefined;
    this.#queue = Promise.resolve();
    this.memory = this.disk;
  }

  /** What is not as it should be once AWS works. */
  problems(): string[] {
    return this.#judge.problems();
  }
}
