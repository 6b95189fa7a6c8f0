/*
 * When statements are sent: at their recorded time, divided by the speed, after the replay's beginning.
 */

/** The time, as the replay is told it. */
export interface Clock {
  /** Microseconds since 1970, which never go back. */
  now(): number;
  /** Waits; less long where the signal is aborted, which is no error. */
  sleep(millis: number, signal: AbortSignal): Promise<void>;
}

/** Says when what was recorded is due. */
export class Pace {
  readonly #clock: Clock;
  readonly #speed: number | null;
  /** Which recorded time is now's: of the first statement, when it is sent. */
  #recorded: number | null = null;
  #began = 0;

  /** @param speed how many times faster than recorded; null without any pace */
  constructor(clock: Clock, speed: number | null) {
    this.#clock = clock;
    this.#speed = speed;
  }

  /** Begins, if it has not yet. @param recordedAt of the first statement, in microseconds */
  begin(recordedAt: number): void {
    if (this.#recorded !== null) return;
    this.#recorded = recordedAt;
    this.#began = this.#clock.now();
  }

  /** Whether there is a pace to keep. */
  get isPaced(): boolean {
    return this.#speed !== null;
  }

  /** In how many microseconds something is due; negative when it is late, 0 without a pace or before the beginning. */
  dueIn(recordedAt: number): number {
    if (this.#speed === null || this.#recorded === null) return 0;
    return this.#began + (recordedAt - this.#recorded) / this.#speed - this.#clock.now();
  }
}
