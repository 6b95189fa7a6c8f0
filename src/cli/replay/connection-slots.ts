/*
 * The limit of connections. Who finds none free waits, in order; a connection that is idle and holds nothing that its session would
 * miss makes room.
 */

/** Who has, or waits for, a connection. */
export interface Holder {
  /** Whether its connection can be closed now and opened again later; "lossy" where the session would miss something. */
  readonly idleness: "busy" | "lossy" | "free";
  /** Closes its connection. */
  giveUp(): void;
}

/** So many connections at most. */
export class ConnectionSlots<H extends Holder> {
  readonly #max: number;
  /** Those that have one, the least recently used first. */
  readonly #holders = new Set<H>();
  readonly #waiting: { holder: H; resolve: () => void }[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** How many connections there are. */
  get used(): number {
    return this.#holders.size;
  }

  /** How many wait for one. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many of those that waited have got one. */
  served = 0;

  /** Takes a connection for a holder: at once, or when one becomes free. */
  take(holder: H): Promise<void> | null {
    if (this.#holders.delete(holder) || this.#hasRoom("free")) {
      this.#holders.add(holder);
      return null;
    }
    return new Promise((resolve) => this.#waiting.push({ holder, resolve }));
  }

  /** A holder's connection was closed. */
  release(holder: H): void {
    if (this.#holders.delete(holder)) this.#next();
  }

  /** A holder has become idle: who waits may have its connection. */
  idle(): void {
    if (this.#waiting.length > 0 && this.#hasRoom("free")) this.#next();
  }

  /** Makes room for who waits, also where a session misses something then. @returns whether somebody got a connection */
  force(): boolean {
    if (this.#waiting.length === 0 || !this.#hasRoom("lossy")) return false;
    this.#next();
    return true;
  }

  /** Nobody gets one any more: who waits goes on without. */
  cancel(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #hasRoom(atMost: "free" | "lossy"): boolean {
    if (this.#holders.size < this.#max) return true;
    for (const idleness of ["free", "lossy"] as const) {
      for (const holder of this.#holders) {
        if (holder.idleness !== idleness) continue;
        this.#holders.delete(holder);
        holder.giveUp();
        return true;
      }
      if (idleness === atMost) return false;
    }
    return false;
  }

  #next(): void {
    while (this.#holders.size < this.#max) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#holders.add(next.holder);
      this.served++;
      next.resolve();
    }
  }
}
