/** A parameter group in a simulated AWS: what it has, what AWS shows of it, and changes that arrive late. */
import type { ParameterSettings } from "../../src/environments/parameter-group.ts";
import { LEASED_PARAMETERS, pick } from "../../src/leases/needs.ts";
import type { Changed } from "../../src/leases/reconcile.ts";
import { LATE_MS } from "../../src/leases/state.ts";
import { isYes } from "./world-access.ts";

/** For how long AWS may still show what a group had before a change. */
const STALE_MS = 30_000;

/** How AWS takes a call: `stale` shows an older state, `late` carries it out a while later, the answer to it being lost. */
export type Answer = "ok" | "stale" | "refused" | "denied" | "throttled" | "done-but-lost" | "lost" | "late";

/** Whether a change takes values away. */
export const takesAway = (settings: ParameterSettings): boolean => Object.values(settings).includes(null);

/** The group, which knows nothing of a lease. */
export class SimulatedGroup {
  /** What it has. */
  own: ParameterSettings;
  /** The slow log's optional parameters that it has, and of an engine with defaults of its own the output. */
  readonly offered: Record<string, string>;
  /** Whether values can be taken away; if not, AWS says so, or confirms what it does not do. */
  resets: "work" | "fail" | "do nothing" = "work";
  /** Whether a change arrives, or has arrived, later than its caller waited for it. */
  hasLate = false;
  #late: { at: number; settings: ParameterSettings }[] = [];
  #before: { own: ParameterSettings; at: number } | null = null;

  constructor(own: ParameterSettings, offered: Record<string, string>) {
    this.own = pick(own, LEASED_PARAMETERS);
    this.offered = offered;
  }

  /** Whether a change is still to arrive. */
  get isLateDue(): boolean {
    return this.#late.length > 0;
  }

  /** The values of its own that AWS shows; null when it does not answer. */
  read(how: Answer, now: number): ParameterSettings | null {
    const isOlder = how === "stale" && this.#before !== null && now <= this.#before.at + STALE_MS;
    if (how !== "ok" && !isOlder) return null;
    const shown = isOlder ? this.#before?.own : this.own;
    // What was shown once is not hidden again.
    if (how === "ok") this.#before = null;
    return Object.fromEntries(Object.entries(shown ?? {}).filter(([, value]) => value !== null));
  }

  /**
   * Carries out a change, at once, late, or not at all.
   * @param since when it was sent
   * @param delay how much later it arrives when it is late
   */
  change(settings: ParameterSettings, how: Answer, now: number, since: number, delay: number): void {
    // AWS can't.
    if (this.resets !== "work" && takesAway(settings)) return;
    if (how === "ok" || how === "stale" || how === "done-but-lost") this.#apply(settings, now);
    if (how !== "late") return;
    this.hasLate = true;
    // So that AWS shows it before the lease reads the group again.
    this.#late.push({ at: since + Math.min(delay, LATE_MS - STALE_MS - 1), settings });
  }

  /** What the lease is told of a change. */
  outcomeOf(settings: ParameterSettings, how: Answer): Changed["outcome"] {
    const isFailing = this.resets === "fail" && takesAway(settings);
    if ((how === "ok" || how === "stale") && !isFailing) return "accepted";
    return how === "refused" || how === "denied" || how === "throttled" ? "refused" : "lost";
  }

  /** Carries out the late changes whose time has come. Returns whether there were any. */
  arrive(now: number): boolean {
    const due = this.#late.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    this.#late = this.#late.filter(({ at }) => at > now);
    for (const { settings, at } of due) this.#apply(settings, at);
    return due.length > 0;
  }

  /** A person changes it. */
  set(settings: ParameterSettings): void {
    this.own = { ...this.own, ...settings };
    // AWS shows it at once, also while it does not show a change of the lease's yet.
    if (this.#before !== null) this.#before.own = { ...this.#before.own, ...settings };
  }

  /** Whether an output is to files; null is the engine's own default. */
  writesFiles(output: string | null | undefined): boolean {
    const value = output ?? this.offered.log_output ?? "TABLE";
    return value.split(",").includes("FILE");
  }

  /** Whether its slow log has all that the optional parameters give it. */
  hasWholeSlowLog(): boolean {
    return Object.keys(this.offered).every((name) => {
      const value = this.own[name];
      switch (name) {
        case "log_slow_extra":
          return isYes(value);
        case "log_slow_verbosity":
          return value?.split(",").includes("query_plan");
        default:
          return !isYes(value);
      }
    });
  }

  #apply(settings: ParameterSettings, at: number): void {
    this.#before = { own: this.own, at };
    this.own = { ...this.own, ...settings };
  }
}
