import type { Env } from "../../src/env.ts";
import { Dice } from "../../test/local-aws/random.ts";
import { intercept } from "../../test/support/counting.ts";
import { type Fault, faultyDatabase } from "../../test/support/faults.ts";
import { BINDINGS, type Binding, type FaultCounts, type FaultPlan } from "../soak/plan.ts";

/*
 * D1, R2 and Durable Objects that fail as they are told to, with the platform's own words (see src/lib/transient.ts for where those
 * are documented). A call either fails before anything was done, or is done and its answer is lost.
 */

let plan: FaultPlan = { seed: 0, chance: 0, away: null };
let dice = new Dice(0);
const counts: FaultCounts = {};

/** Sets how calls fail from now on. */
export function planFaults(next: FaultPlan): void {
  plan = next;
  dice = new Dice(next.seed);
}

/** The faults so far. */
export const struck = (): FaultCounts => counts;

/** Messages of faults in which the call may have been done, and of those in which it was not. */
const D1_LOST = [
  "Network connection lost.",
  "D1 DB reset because its code was updated.",
  "D1 DB storage operation exceeded timeout which caused object to be reset.",
  "Internal error in D1 DB storage caused object to be reset.",
] as const;
const D1_REFUSED = [
  ...D1_LOST,
  "D1 DB is overloaded. Requests queued for too long.",
  "D1 DB is overloaded. Too many requests queued.",
  "Cannot resolve D1 DB due to transient issue on remote node.",
] as const;
const R2_WORDS = [
  "We encountered an internal error. Please try again. (10001)",
  "Service is unavailable. Please try again later. (10043)",
  "Unspecified error (0)",
] as const;
const OBJECT_LOST = [
  "Network connection lost.",
  "Durable Object reset because its code was updated.",
] as const;
const OBJECT_OVERLOADED = "Durable Object is overloaded. Requests queued for too long.";

/** What goes wrong with a call of a binding, if anything. */
function faultOf(binding: Binding, method: string): Fault | undefined {
  const isAway = plan.away === binding;
  if (!isAway && dice.next() >= plan.chance) return undefined;
  // During an outage nothing is done.
  const isAnswerLost = !isAway && dice.next() < 0.5;
  const name = `${binding} ${isAway ? "away" : isAnswerLost ? "answer lost" : "refused"}`;
  counts[name] = (counts[name] ?? 0) + 1;
  return { error: errorOf(binding, method, isAnswerLost), isAnswerLost };
}

function errorOf(binding: Binding, method: string, isAnswerLost: boolean): Error {
  switch (binding) {
    case "D1": {
      const words = dice.pick(isAnswerLost ? D1_LOST : D1_REFUSED);
      return new Error(`D1_ERROR: ${words}`, { cause: new Error(words) });
    }
    case "R2":
      return new Error(`${method}: ${dice.pick(R2_WORDS)}`);
    case "objects": {
      if (!isAnswerLost && dice.next() < 0.3)
        return Object.assign(new Error(OBJECT_OVERLOADED), { overloaded: true, remote: true });
      return Object.assign(new Error(dice.pick(OBJECT_LOST)), { retryable: true, durableObjectReset: true });
    }
  }
}

const wrapped = new WeakMap<Env, Env>();

/** The same bindings, with some calls that fail. */
export function faulty(env: Env): Env {
  const known = wrapped.get(env);
  if (known !== undefined) return known;
  const made: Env = {
    ...env,
    DB: faultyDatabase(() => faultOf("D1", "query")),
    BUCKET: withFaults(env.BUCKET, "R2", ["head", "get", "put", "delete", "list"]),
    CAPTURE_RUNNER: faultyNamespace(env.CAPTURE_RUNNER),
    LOG_LEASE: faultyNamespace(env.LOG_LEASE),
  };
  wrapped.set(env, made);
  return made;
}

function faultyNamespace<N extends object>(namespace: N & { getByName(name: string): object }): N {
  return intercept(namespace, { getByName: (name: string) => faultyStub(namespace.getByName(name)) });
}

/** A stub has a method for every name. */
function faultyStub(stub: object): object {
  return new Proxy(stub, {
    get: (_, name) => {
      const own: unknown = Reflect.get(stub, name);
      if (typeof own !== "function" || typeof name !== "string") return own;
      return (...args: unknown[]) => trip("objects", name, () => Reflect.apply(own, stub, args));
    },
  });
}

function withFaults<T extends object>(
  original: T,
  binding: Binding,
  names: readonly (keyof T & string)[],
): T {
  const method = (name: keyof T & string) => {
    const own = original[name] as (...args: unknown[]) => Promise<unknown>;
    return (...args: unknown[]) => trip(binding, name, () => Reflect.apply(own, original, args));
  };
  return intercept(original, Object.fromEntries(names.map((name) => [name, method(name)])));
}

async function trip<T>(binding: Binding, method: string, run: () => Promise<T>): Promise<T> {
  const fault = faultOf(binding, method);
  if (fault === undefined) return run();
  if (fault.isAnswerLost) await run();
  throw fault.error;
}

/** @throws Error if it is not a plan */
export function parsePlan(json: string): FaultPlan {
  const { seed, chance, away } = JSON.parse(json) as FaultPlan;
  const isPlan =
    Number.isSafeInteger(seed) && chance >= 0 && chance <= 1 && (away === null || BINDINGS.includes(away));
  if (!isPlan) throw new Error(`No plan for faults: ${json}`);
  return { seed, chance, away };
}
