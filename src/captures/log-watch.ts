import type { Env } from "../env.ts";
import { askAs } from "../environments/credentials.ts";
import { inspectInstance } from "../environments/instance.ts";
import { keepOn } from "../leases/general-log.ts";
import { log } from "../lib/log.ts";
import { type LogName, logsOf } from "../logs/names.ts";
import type { Collector } from "../workload/collecting/collector.ts";
import { isUp } from "./instance-status.ts";
import type { RunnerRow } from "./runner-store.ts";

/** A log that was not written for so long is checked. That of a busy server is never silent for that long. */
const QUIET_MS = 60_000;
/** How often it is checked while it stays silent: that of an idle server is, for five minutes. */
const LOOK_EVERY_MS = 2 * 60_000;

/**
 * Checks that the logs of a running capture are on: somebody may switch it off, or give the instance another parameter
 * group. Each is checked when it is silent, so that this is noticed within minutes and costs nothing while statements come.
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
    for (const name of logsOf(capture.log)) await this.#lookAt(name, capture, now);
  }

  async #lookAt(name: LogName, capture: RunnerRow, now: number): Promise<void> {
    const { id, region, instance, start } = capture;
    const since = Math.max(this.#collector.lastRecordAt(name) ?? 0, start ?? now);
    // The general log's key is as it was before there was another.
    const lookedAtKey = name === "general" ? "lookedAt" : `${name}/lookedAt`;
    const lookedAt = this.#storage.kv.get<number>(lookedAtKey) ?? 0;
    if (now - since < QUIET_MS || Math.abs(now - lookedAt) < LOOK_EVERY_MS) return;
    this.#storage.kv.put(lookedAtKey, now);
    const found = await askAs(this.#env, capture, now, (keys) =>
      inspectInstance(this.#env, region, instance, keys),
    );
    if (!found.ok) {
      // The next check may say more.
      log.warn("capture.log.unseen", { captureId: id, log: name, code: found.failure.code });
      return;
    }
    // A server that is down runs no statements that could be missing.
    if (!isUp(found.value.status)) return;
    const { [name]: cause } = await keepOn(this.#env, capture, found.value, { [name]: since }, now);
    if (cause === undefined) return;
    log.warn("capture.log.off", { captureId: id, log: name, reason: cause });
    await this.#collector.interrupt(capture, name, cause);
  }
}
