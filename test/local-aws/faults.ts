import type { Account } from "./accounts.ts";
import type { Denial } from "./policy.ts";
import type { RefusalCode } from "./refusals.ts";

/**
 * How a call can be made to fail: refused for its rate (`throttle`), 500 (`server-error`), 503 (`unavailable`),
 * refused by policy (`deny`), with a code that is named (`refuse`), or since the log file is not there in this moment (`no-file`),
 * answered late (`delay`) or never (`hang`), answered with 200 and a body that is not what the protocol says (`garbage`), by a
 * proxy on the way with 502 and a page (`proxy`), cut off without an answer (`reset`).
 */
export const FAULT_KINDS = [
  "throttle",
  "server-error",
  "unavailable",
  "deny",
  "no-file",
  "delay",
  "hang",
  "refuse",
  "garbage",
  "proxy",
  "reset",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault that waits for calls to an account. */
export interface Fault {
  kind: FaultKind;
  /** The action it strikes, such as `GetMetricData`; undefined: any. */
  action?: string | undefined;
  /** How many more calls it strikes; undefined: all until it is cleared. */
  times?: number | undefined;
  /** How likely it is to strike a call, from 0 to 1; undefined: it strikes. */
  chance?: number | undefined;
  /** For `deny`: which policy is why. */
  denial?: Omit<Denial, "action" | "resource" | "of"> | undefined;
  /** For `refuse`: AWS's code. */
  code?: RefusalCode | undefined;
  /** How long `delay` waits. */
  delayMs?: number | undefined;
  /** For `hang` and `reset`: how much of the body of the right reply is sent before; undefined: no reply at all. */
  afterBytes?: number | undefined;
  /** The `retry-after` header of `throttle`, `server-error` and `unavailable`. */
  retryAfterSeconds?: number | undefined;
}

/** Takes the oldest fault that strikes an action of an account, if there is one, and counts the strike. */
export function takeFault(account: Account, action: string): Fault | undefined {
  const fault = account.faults.find(
    (candidate) =>
      (candidate.action === undefined || candidate.action === action) &&
      Math.random() < (candidate.chance ?? 1),
  );
  if (fault?.times !== undefined) {
    fault.times -= 1;
    if (fault.times <= 0) account.faults = account.faults.filter((candidate) => candidate !== fault);
  }
  return fault;
}
