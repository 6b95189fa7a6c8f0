import { describeError, log } from "../lib/log.ts";
import { type Pauses, retryDelay } from "../lib/retry.ts";
import type { Mail, Mailer } from "./mail.ts";

/** How often a mail is tried, and the pauses between: all of it within the half minute that a Worker has after its answer. */
const ATTEMPTS = 3;
const PAUSES: Pauses = { first: 1000, longest: 4000 };

/**
 * Sends a mail that somebody waits for, and that is of no use to them after an hour: tried again at once, and then given up, since
 * they can ask for another. Never rejects: the log has what became of it, without the address and what it says.
 * @param kind what kind of mail it is, for the log
 */
export async function deliver(mailer: Mailer, kind: string, mail: Mail): Promise<void> {
  // One name for all attempts: whether a failed one has arrived is not known.
  const named = { id: crypto.randomUUID(), ...mail };
  for (let attempt = 1; ; attempt++) {
    try {
      await mailer.send(named);
      return log.info("mail.sent", { kind, attempt });
    } catch (error) {
      const { error: why } = describeError(error);
      if (attempt === ATTEMPTS) return log.error("mail.failed", { kind, attempt, error: why });
      log.warn("mail.repeated", { kind, attempt, error: why });
    }
    await scheduler.wait(retryDelay(attempt, Math.random(), PAUSES));
  }
}
