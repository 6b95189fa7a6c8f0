import type { Env } from "../env.ts";
import { askAs } from "../environments/credentials.ts";
import { inspectInstance } from "../environments/instance.ts";
import { isUp } from "../environments/instance-status.ts";
import { keepOn } from "../leases/general-log.ts";
import { log } from "../lib/log.ts";
import { type LogName, logsOf } from "../logs/names.ts";
import type { Collector } from "../workload/collecting/collector.ts";
import type { RunnerRow } from "./runner-store.ts";

/** A log that was not written for so long is checked. That of a busy server is never silent for that long. */
const QUIET_MS = 60_000;
/** How often it is checked while it stays silent, as the log of an idle server does for five minutes. */
const LOOK_EVERY_MS = 2 * 60_000;

/**
 * Checks that the logs of a running capture are on: somebody may switch one off, or give the instance another parameter
 * group. They are checked when one of them is silent, so that this is noticed within minutes and costs nothing while statements come.
 */
export class LogWatch {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #collector: Collector;

  constructor(storage: DurableObjectStorage, env: Env, collector: Collector) {
    this.#storage = storage;
    this.#env = env;
    this.#collector = collector;
  }

  /** Checks, if it is time, and has a log that is off switched on again. To be called when the logs have been read to their end. */
  async look(capture: RunnerRow, now: number): Promise<void> {
    const { id, region, instance } = capture;
    const names = logsOf(capture.log);
    const since = Object.fromEntries(names.map((name) => [name, this.#lastKnownOn(name, capture, now)]));
    const quietSince = Math.min(...Object.values(since));
    const lookedAt = this.#storage.kv.get<number>("lookedAt") ?? 0;
    if (now - quietSince < QUIET_MS || Math.abs(now - lookedAt) < LOOK_EVERY_MS) return;
    this.#storage.kv.put("lookedAt", now);
    const found = await askAs(this.#env, capture, now, (keys) =>
      inspectInstance(this.#env, region, instance, keys),
    );
    if (!found.ok) {
      // The next check may say more.
      log.warn("capture.log.unseen", { captureId: id, code: found.failure.code });
      return;
    }
    // A server that is down runs no statements that could be missing.
    if (!isUp(found.value.status)) return;
    const causes = await keepOn(this.#env, capture, found.value, since, now);
    for (const name of names) {
      const cause = causes[name];
      if (cause === undefined) continue;
      log.warn("capture.log.off", { captureId: id, log: name, reason: cause });
      await this.#collector.interrupt(capture, name, cause);
    }
  }

  /** When a log was last written, or else when the capture began: it was on then. */
  #lastKnownOn(name: LogName, { start }: RunnerRow, now: number): number {
    return Math.max(this.#collector.lastRecordAt(name) ?? 0, start ?? now);
  }
}
