import { type Capture, CapturesError } from "../client/index.ts";
import { hasEnded } from "../db/states.ts";
import type { Service } from "./cli.ts";

/** How often a capture's state may change between asking and ending it. */
const MAX_TRIES = 5;

/**
 * Ends a capture in whichever way its state allows: one that runs is stopped, one that does not run yet is cancelled, and one that
 * has ended, or is about to, is left.
 * @returns the capture as it is then
 */
export async function endCapture({ client, signal }: Service, id: number): Promise<Capture> {
  for (let tries = 1; ; tries++) {
    const { status, ...capture } = await client.captures.get(id, { signal });
    if (hasEnded(status) || status === "STOPPING") return { status, ...capture };
    const end = status === "RUNNING" ? client.captures.stop : client.captures.cancel;
    try {
      return await end(id, { signal });
    } catch (error) {
      // A 409 says that the state is another by now.
      const isWorthIt = error instanceof CapturesError && (error.status === 409 || error.status === 503);
      if (!isWorthIt || tries === MAX_TRIES) throw error;
    }
  }
}
