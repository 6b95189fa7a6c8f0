/** Judges what a lease does to the simulated group of world-group.ts, and what it says of it. */
import type { ParameterSettings } from "../../src/environments/parameter-group.ts";
import { isUnchanged, type LeaseState, type Released } from "../../src/leases/lease-state.ts";
import {
  defaultOf,
  type Holder,
  isOn,
  isSameValue,
  LEASED_PARAMETERS,
  neededParameters,
} from "../../src/leases/needs.ts";
import { type Change, type EnvId, nextCall } from "../../src/leases/next-call.ts";
import { MAX_RESETS } from "../../src/leases/state.ts";
import { type Access, isYes, seconds } from "./world-access.ts";
import { type Answer, type SimulatedGroup, takesAway } from "./world-group.ts";

/** As much of a lease as is judged. */
export interface JudgedLease {
  readonly now: number;
  /** What is on its disk. */
  readonly disk: LeaseState;
  /** What it has in memory. */
  readonly memory: LeaseState;
}

/** Knows what the group had before the captures, and notes what should not have happened. */
export class Judge {
  readonly #lease: JudgedLease;
  readonly #group: SimulatedGroup;
  readonly #access: Access;
  readonly #faults: string[];
  /** What the group had before the captures. */
  #original: ParameterSettings;
  /** The parameters whose defaults were written where there had been no values. */
  readonly #defaults = new Set<string>();
  /** How often values were to be taken away since logging was switched on, and whether that was not allowed. */
  #resetting = { attempts: 0, denied: false };
  /** The environments of which AWS has accepted a change. */
  readonly #changers = new Set<EnvId>();

  constructor(lease: JudgedLease, group: SimulatedGroup, access: Access) {
    this.#lease = lease;
    this.#group = group;
    this.#access = access;
    this.#faults = access.faults;
    this.#original = group.own;
  }

  /** Whether the lease has to restore a parameter: nobody else changes it meanwhile. */
  isLeased(name: string): boolean {
    const { memory, disk } = this.#lease;
    return name in memory.found || name in disk.found;
  }

  /** From now on these are what is to be restored. */
  expectLater(settings: ParameterSettings): void {
    this.#original = { ...this.#original, ...settings };
  }

  /** A change is sent. */
  checkChange(change: Change): void {
    this.#checkSettings(change);
    this.#checkOutput(change);
    this.#watchResets(change);
  }

  /** A change, for an environment, ends like this: it is answered, or its caller crashes. */
  noteEnd(how: Answer, by: EnvId): void {
    if (how === "ok" || how === "stale") this.#changers.add(by);
  }

  /** AWS denies a change. */
  noteDenial(settings: ParameterSettings): void {
    if (takesAway(settings)) this.#resetting.denied = true;
  }

  /** A capture is told that its logs are on. */
  checkOn(holder: Holder): void {
    this.#faults.push(...this.#off(holder).map((log) => `told that the ${log} log is on, but it is off`));
  }

  /** Something has happened, and all that follows from it at once. */
  check(): void {
    const { memory, disk } = this.#lease;
    for (const name of LEASED_PARAMETERS) {
      const { found } = memory;
      if (name in found && found[name] !== this.#original[name]) {
        this.#faults.push(`what was found of ${name} is not what was there`);
      }
      if (this.isLeased(name)) continue;
      if (!this.#isAsBefore(name)) this.#faults.push(`${name} was forgotten, and is not restored`);
      // What the group has now is what the next capture finds.
      this.expectLater({ [name]: this.#group.own[name] ?? null });
      this.#defaults.delete(name);
      this.#access.forget(name);
    }
    this.#checkAnswerable(memory);
    this.#checkAnswerable(disk);
  }

  /** What is not as it should be once AWS works: logs that are needed and off, and what nobody needs and is not as before. */
  problems(): string[] {
    const { holders } = this.#lease.memory;
    const off = holders.flatMap((holder) =>
      this.#off(holder).map((log) => `${holder.captureId}: ${log} is off`),
    );
    const needed = neededParameters(holders, this.#group.offered);
    const changed = LEASED_PARAMETERS.filter((name) => !needed.has(name) && !this.#isAsBefore(name));
    return [...off, ...changed.map((name) => `${name} is not restored`)];
  }

  /** The defaults are written where taking values away is not allowed or has been tried often, and nowhere else. */
  #watchResets({ to, settings }: Change): void {
    if (to === "logging") this.#resetting = { attempts: 0, denied: false };
    else if (takesAway(settings)) this.#resetting.attempts++;
    else {
      const written = Object.keys(settings).filter((name) => this.#original[name] === null);
      for (const name of written) this.#defaults.add(name);
      const { attempts, denied } = this.#resetting;
      if (written.length > 0 && !denied && attempts < MAX_RESETS)
        this.#faults.push("wrote defaults without need");
    }
  }

  /** A log that was off before does not go to a table while it is on. */
  #checkOutput({ to, settings }: Change): void {
    if (
      to === "logging" ||
      !("log_output" in settings) ||
      this.#group.writesFiles(settings.log_output) ||
      this.#group.hasLate
    )
      return;
    for (const name of ["general_log", "slow_query_log"].filter((name) => !(name in settings))) {
      if (isYes(this.#group.own[name]) && !isYes(this.#original[name]) && this.isLeased(name))
        this.#faults.push(`lets ${name} go to a table`);
    }
  }

  /** Only what captures need, or what is to be restored, is changed. */
  #checkSettings({ to, settings }: Change): void {
    const { found } = this.#lease.memory;
    const { offered } = this.#group;
    const original = this.#original;
    for (const [name, value] of Object.entries(settings)) {
      if (!(name in found)) this.#faults.push(`changed ${name}, which is not leased`);
      const isFound = isSameValue(name, value, original[name] ?? null, offered);
      if (to === "found" && !isFound) this.#faults.push(`restored ${name} to something else`);
    }
    if (isOn(original, offered) && "general_log" in settings)
      this.#faults.push("changed a group that logged already");
    const { long_query_time: time } = settings;
    if (
      time !== undefined &&
      isYes(original.slow_query_log) &&
      seconds(time) > seconds(original.long_query_time)
    ) {
      this.#faults.push("let the slow log have less than it had");
    }
  }

  /** The logs of a capture that are off, or that have less than it needs. */
  #off({ log, minDurationMicros }: Holder): string[] {
    const { own, offered } = this.#group;
    const isSlowOn =
      this.#group.writesFiles(own.log_output) &&
      isYes(own.slow_query_log) &&
      seconds(own.long_query_time) <= minDurationMicros / 1_000_000 &&
      this.#group.hasWholeSlowLog();
    return [
      ...(log !== "slow" && !isOn(own, offered) ? ["general"] : []),
      ...(log !== "general" && !isSlowOn ? ["slow"] : []),
    ];
  }

  /** Somebody is answerable for what is, or may be, changed; holders before those who were released. */
  #checkAnswerable(state: LeaseState): void {
    const { holders, answerable } = state;
    if (!isUnchanged(state) && answerable.length === 0)
      this.#faults.push("nobody is answerable for the group");
    const isSettled = ["rest", "wait", "check"].includes(nextCall(state, this.#lease.now).do);
    const released = answerable.filter((id) => holders.every(({ captureId }) => captureId !== id));
    if (released.join() !== state.released.map(({ captureId }) => captureId).join()) {
      this.#faults.push("it is not known what somebody needed who was released");
    }
    // While a lost change may still be carried out, it may be of a parameter that is restored.
    const isSure = state.lostUntil === null && state.callUntil === null;
    const covers = (each: Released) => (holder: Holder) =>
      answerable.includes(holder.captureId) &&
      (holder.canChange || holder.envId === each.envId) &&
      each.names.every((name) => neededParameters([holder], state.offered).has(name));
    if (isSettled && isSure && state.released.some((each) => holders.some(covers(each)))) {
      this.#faults.push("the logs are on for others, and somebody is answerable who was released");
    }
    if (holders.some(({ canChange, envId }) => canChange && !this.#changers.has(envId)))
      this.#faults.push("an environment is held for one that can change the group, and has not");
    this.#access.note(state);
  }

  /**
   * Whether a parameter is as it was before: exactly, unless its value could not be taken away. AWS that confirms what it does not
   * do can't be told from one that does where the value is the engine's own default too.
   */
  #isAsBefore(name: string): boolean {
    const { own, offered } = this.#group;
    const [is, was] = [own[name] ?? null, this.#original[name] ?? null];
    if (name === "log_output" && was === null && is !== null && is === offered.log_output) return true;
    return is === was || (this.#defaults.has(name) && is === defaultOf(name, offered));
  }
}
