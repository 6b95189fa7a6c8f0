/** A parameter group in a simulated AWS, and a lease on it that can fail between any two steps. */
import type { AwsFailureKind, AwsResult } from "../../src/aws/client.ts";
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
import { IDLE, isUnchanged, type LeaseState, type Released } from "../../src/leases/lease-state.ts";
import {
  defaultOf,
  type Holder,
  isOn,
  isOnFor,
  isSameValue,
  LEASED_PARAMETERS,
  neededParameters,
  pick,
} from "../../src/leases/needs.ts";
import { type Change, type EnvId, nextCall } from "../../src/leases/next-call.ts";
import { type Changed, type LeasedGroup, type LeaseFailure, reconcile } from "../../src/leases/reconcile.ts";
import { LATE_MS, MAX_RESETS } from "../../src/leases/state.ts";
import { Access, isYes, seconds } from "./world-access.ts";

/** For how long AWS may still show what a group had before a change. */
const STALE_MS = 30_000;

/** How AWS takes a call: `stale` shows an older state, `late` carries it out a while later, the answer to it being lost. */
export type Answer = "ok" | "stale" | "refused" | "denied" | "throttled" | "done-but-lost" | "lost" | "late";

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

/** Whether a change takes values away. */
const takesAway = (settings: ParameterSettings) => Object.values(settings).includes(null);

/** The lease and its group. */
export class World {
  now = 0;
  /** What the group has. */
  own: ParameterSettings;
  /** What it had before the captures. */
  original: ParameterSettings;
  /** The slow log's optional parameters that it has, and of an engine with defaults of its own the output. */
  readonly offered: Record<string, string>;
  /** What is on the lease's disk. */
  disk: LeaseState = IDLE;
  /** What it has in memory. */
  memory: LeaseState = IDLE;
  changes = 0;
  /** Whether a change arrives, or has arrived, later than its caller waited for it. */
  hasLate = false;
  readonly faults: string[] = [];
  /** The parameters whose defaults were written where there had been no values. */
  readonly #defaults = new Set<string>();
  #resets: "work" | "fail" | "do nothing" = "work";
  readonly access = new Access(this.faults);
  /** The state in which the change was decided on that is sent now: others may come and go before it is on disk. */
  #decidedIn: LeaseState = IDLE;
  /** How often values were to be taken away since logging was switched on, and whether that was not allowed. */
  #resetting = { attempts: 0, denied: false };
  /** The environments of which AWS has accepted a change. */
  readonly #changers = new Set<EnvId>();
  #late: { at: number; settings: ParameterSettings }[] = [];
  #before: { own: ParameterSettings; at: number } | null = null;
  #step: { step: Step; resolve: (value: never) => void } | undefined;
  #life = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(original: ParameterSettings, offered: Record<string, string>) {
    this.own = pick(original, LEASED_PARAMETERS);
    this.original = this.own;
    this.offered = offered;
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
        this.#resets = happening.how;
        break;
      case "person":
        if (this.#step === undefined) this.#letPersonChange(happening.settings);
    }
    this.#arrive();
    for (let i = 0; i < 30; i++) await null;
    this.#check();
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
      const isCalm = !isLeaving && this.#late.length === 0 && nextCall(this.memory, this.now).do === "rest";
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
    const free = Object.entries(settings).filter(([name]) => !this.#isLeased(name));
    this.own = { ...this.own, ...Object.fromEntries(free) };
    this.original = { ...this.original, ...Object.fromEntries(free) };
    // AWS shows it at once, also while it does not show a change of the lease's yet.
    if (this.#before !== null) this.#before.own = { ...this.#before.own, ...Object.fromEntries(free) };
  }

  #isLeased(name: string): boolean {
    return name in this.memory.found || name in this.disk.found;
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
      if (!isTold || holder === undefined || this.hasLate || !holds(this.memory, holder.captureId)) return;
      // What a capture is told: its logs are on.
      this.faults.push(...this.#off(holder).map((log) => `told that the ${log} log is on, but it is off`));
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
        this.changes++;
        this.access.checkSigner(change.by, mayAsk);
        this.#checkChange(change);
        this.#checkOutput(change);
        this.access.checkPurpose(change, this.#decidedIn, mayAsk);
        this.#watchResets(change);
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
    if (step.kind !== "sync" && (how !== "ok" || this.#resets !== "work")) this.access.failed.add(step.by);
    if (step.kind === "sync") {
      this.disk = this.memory;
      resolve(undefined);
    } else if (step.kind !== "change") {
      const isStale = how === "stale" && this.#before !== null && this.now <= this.#before.at + STALE_MS;
      const shown = isStale ? this.#before?.own : this.own;
      const own = Object.fromEntries(Object.entries(shown ?? {}).filter(([, value]) => value !== null));
      const value = step.kind === "read" ? own : { own, offered: this.offered };
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
      resolve({ outcome, failure: failureOf(kind), isSent: true });
    }
  }

  #send({ settings, since, by }: Step, how: Answer, delay: number): void {
    if (how === "ok" || how === "stale") this.#changers.add(by);
    // AWS can't.
    if (this.#resets !== "work" && takesAway(settings)) return;
    if (how === "ok" || how === "stale" || how === "done-but-lost") this.#apply(settings);
    if (how !== "late") return;
    this.hasLate = true;
    // So that AWS shows it before the lease reads the group again.
    this.#late.push({ at: since + Math.min(delay, LATE_MS - STALE_MS - 1), settings });
  }

  #abandon(envId: number): void {
    const { memory } = this;
    if (this.#step !== undefined || this.#late.length > 0 || memory.lostUntil !== null) return;
    const { released } = capturesOf(memory, envId);
    this.#change((state) => forgetReleased(state, released).state);
    for (const name of Object.keys(memory.found).filter((name) => !this.#isLeased(name))) {
      this.original = { ...this.original, [name]: this.own[name] ?? null };
    }
    // The output of a log that stays on.
    const { log_output } = this.memory.found;
    if (log_output !== undefined) this.original = { ...this.original, log_output };
  }

  /** The defaults are written where taking values away is not allowed or has been tried often, and nowhere else. */
  #watchResets({ to, settings }: Change): void {
    if (to === "logging") this.#resetting = { attempts: 0, denied: false };
    else if (takesAway(settings)) this.#resetting.attempts++;
    else {
      const written = Object.keys(settings).filter((name) => this.original[name] === null);
      for (const name of written) this.#defaults.add(name);
      const { attempts, denied } = this.#resetting;
      if (written.length > 0 && !denied && attempts < MAX_RESETS)
        this.faults.push("wrote defaults without need");
    }
  }

  /** A log that was off before does not go to a table while it is on. */
  #checkOutput({ to, settings }: Change): void {
    if (
      to === "logging" ||
      !("log_output" in settings) ||
      this.#writesFiles(settings.log_output) ||
      this.hasLate
    )
      return;
    for (const name of ["general_log", "slow_query_log"].filter((name) => !(name in settings))) {
      if (isYes(this.own[name]) && !isYes(this.original[name]) && this.#isLeased(name))
        this.faults.push(`lets ${name} go to a table`);
    }
  }

  /** Only what captures need, or what is to be restored, is changed. */
  #checkChange({ to, settings }: Change): void {
    const { found } = this.memory;
    const { original } = this;
    for (const [name, value] of Object.entries(settings)) {
      if (!(name in found)) this.faults.push(`changed ${name}, which is not leased`);
      const isFound = isSameValue(name, value, original[name] ?? null, this.offered);
      if (to === "found" && !isFound) this.faults.push(`restored ${name} to something else`);
    }
    if (isOn(original, this.offered) && "general_log" in settings)
      this.faults.push("changed a group that logged already");
    const { long_query_time: time } = settings;
    if (
      time !== undefined &&
      isYes(original.slow_query_log) &&
      seconds(time) > seconds(original.long_query_time)
    ) {
      this.faults.push("let the slow log have less than it had");
    }
  }

  /** A capture of an engine that has defaults of its own, if the group says so of its output. */
  #ofEngine(holder: Holder): Holder {
    return "log_output" in this.offered ? { ...holder, hasOwnDefaults: true } : holder;
  }

  #writesFiles(output: string | null | undefined): boolean {
    const value = output ?? this.offered.log_output ?? "TABLE";
    return value.split(",").includes("FILE");
  }

  /** The logs of a capture that are off, or that have less than it needs. */
  #off({ log, minDurationMicros }: Holder): string[] {
    const { own } = this;
    const isInFiles = this.#writesFiles(own.log_output);
    const isWhole = Object.keys(this.offered).every((name) => {
      const value = own[name];
      switch (name) {
        case "log_slow_extra":
          return isYes(value);
        case "log_slow_verbosity":
          return value?.split(",").includes("query_plan");
        default:
          return !isYes(value);
      }
    });
    const isSlowOn =
      isInFiles &&
      isYes(own.slow_query_log) &&
      seconds(own.long_query_time) <= minDurationMicros / 1_000_000 &&
      isWhole;
    return [
      ...(log !== "slow" && !isOn(own, this.offered) ? ["general"] : []),
      ...(log !== "general" && !isSlowOn ? ["slow"] : []),
    ];
  }

  #apply(settings: ParameterSettings): void {
    this.#before = { own: this.own, at: this.now };
    this.own = { ...this.own, ...settings };
  }

  #arrive(): void {
    const due = this.#late.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at);
    this.#late = this.#late.filter(({ at }) => at > this.now);
    // A change that AWS has accepted is not shown if a lost one is carried out before the group is read: it is to be made again.
    if (due.length > 0 && this.#step?.step.kind === "read") this.access.failed.add(this.#step.step.by);
    for (const { settings, at } of due) {
      this.#before = { own: this.own, at };
      this.own = { ...this.own, ...settings };
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
    for (const name of LEASED_PARAMETERS) {
      const { found } = this.memory;
      if (name in found && found[name] !== this.original[name]) {
        this.faults.push(`what was found of ${name} is not what was there`);
      }
      if (this.#isLeased(name)) continue;
      if (!this.#isAsBefore(name)) this.faults.push(`${name} was forgotten, and is not restored`);
      // What the group has now is what the next capture finds.
      this.original = { ...this.original, [name]: this.own[name] ?? null };
      this.#defaults.delete(name);
      this.access.forget(name);
    }
    this.#checkAnswerable(this.memory);
    this.#checkAnswerable(this.disk);
  }

  /** Somebody is answerable for what is, or may be, changed; holders before those who were released. */
  #checkAnswerable(state: LeaseState): void {
    const { holders, answerable } = state;
    if (!isUnchanged(state) && answerable.length === 0)
      this.faults.push("nobody is answerable for the group");
    const isSettled = ["rest", "wait", "check"].includes(nextCall(state, this.now).do);
    const released = answerable.filter((id) => holders.every(({ captureId }) => captureId !== id));
    if (released.join() !== state.released.map(({ captureId }) => captureId).join()) {
      this.faults.push("it is not known what somebody needed who was released");
    }
    // While a lost change may still be carried out, it may be of a parameter that is restored.
    const isSure = state.lostUntil === null && state.callUntil === null;
    const covers = (each: Released) => (holder: Holder) =>
      answerable.includes(holder.captureId) &&
      (holder.canChange || holder.envId === each.envId) &&
      each.names.every((name) => neededParameters([holder], state.offered).has(name));
    if (isSettled && isSure && state.released.some((each) => holders.some(covers(each)))) {
      this.faults.push("the logs are on for others, and somebody is answerable who was released");
    }
    if (holders.some(({ canChange, envId }) => canChange && !this.#changers.has(envId)))
      this.faults.push("an environment is held for one that can change the group, and has not");
    this.access.note(state);
  }

  /**
   * Whether a parameter is as it was before: exactly, unless its value could not be taken away. AWS that confirms what it does not
   * do can't be told from one that does where the value is the engine's own default too.
   */
  #isAsBefore(name: string): boolean {
    const [is, was] = [this.own[name] ?? null, this.original[name] ?? null];
    if (name === "log_output" && was === null && is !== null && is === this.offered.log_output) return true;
    return is === was || (this.#defaults.has(name) && is === defaultOf(name, this.offered));
  }

  /** What is not as it should be once AWS works: logs that are needed and off, and what nobody needs and is not as before. */
  problems(): string[] {
    const { holders } = this.memory;
    const off = holders.flatMap((holder) =>
      this.#off(holder).map((log) => `${holder.captureId}: ${log} is off`),
    );
    const needed = neededParameters(holders, this.offered);
    const changed = LEASED_PARAMETERS.filter((name) => !needed.has(name) && !this.#isAsBefore(name));
    return [...off, ...changed.map((name) => `${name} is not restored`)];
  }
}
