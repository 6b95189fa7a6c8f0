import { type Env, positiveNumber } from "../env.ts";
import { noteRecorded } from "../environments/recorded-bytes.ts";

/** How much a capture records, in bytes, until that is noted in D1 again. */
const NOTED_EVERY = 10_000_000;

/** As much of a capture as is needed here. */
interface Recording {
  id: number;
  /** What its environment's captures had recorded this month, as far as it was noted when the capture was read. */
  recordedInMonth: number;
}

/**
 * What a running capture has recorded, as part of what its environment may record in a month. It is noted in D1 now and then only, so
 * that the limit may be passed by what captures have recorded since: at most 10 MB each, and a hundredth of the limit.
 */
export class MonthlyLimit {
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;

  constructor(storage: DurableObjectStorage, env: Env) {
    this.#storage = storage;
    this.#env = env;
  }

  /** The most that an environment may record in a month. */
  get bytes(): number {
    return positiveNumber(this.#env, "MAX_MONTHLY_BYTES");
  }

  /** Whether an environment has recorded as much as it may, as far as it was noted. */
  isReached({ recordedInMonth }: Recording): boolean {
    return recordedInMonth >= this.bytes;
  }

  /**
   * Notes what a capture has recorded, if that is due.
   * @param total what it has recorded so far
   * @returns whether its environment has recorded as much as it may
   */
  async note(capture: Recording, total: number): Promise<boolean> {
    const { bytes } = this;
    const noted = this.#noted;
    const isReached = capture.recordedInMonth + total - noted >= bytes;
    if (isReached || total - noted >= Math.min(NOTED_EVERY, bytes / 100)) await this.settle(capture, total);
    return isReached;
  }

  /** Notes what a capture has recorded, if it is more than was noted. */
  async settle({ id }: Pick<Recording, "id">, total: number): Promise<void> {
    if (total <= this.#noted) return;
    await noteRecorded(this.#env.DB, id, total);
    this.#storage.kv.put("notedBytes", total);
  }

  get #noted(): number {
    return this.#storage.kv.get<number>("notedBytes") ?? 0;
  }
}
