import { randomUUID } from "node:crypto";
import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Step } from "./step.ts";
import type { Spill, SpilledSteps } from "./step-queue.ts";

/**
 * A temporary file in which steps wait whose sessions are blocked or late, so that those of others can be read on. It is readable by
 * its user alone, and has no name any more once it is open where the system allows that: it is gone with the process.
 */
export class SpillFile implements Spill {
  #file: number | null = null;
  #path = "";
  #end = 0;
  #waiting = 0;
  #peak = 0;

  /** The most bytes that waited at a time. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** Writes steps. @throws the system's error, such as that the disk is full */
  write(steps: readonly Step[]): SpilledSteps {
    const file = this.#open();
    const bytes = Buffer.from(JSON.stringify(steps));
    const at = this.#end;
    for (let done = 0; done < bytes.length; )
      done += writeSync(file, bytes, done, bytes.length - done, at + done);
    this.#end += bytes.length;
    this.#waiting += bytes.length;
    this.#peak = Math.max(this.#peak, this.#waiting);
    return { at, bytes: bytes.length };
  }

  /** Reads steps again, once. */
  read({ at, bytes }: SpilledSteps): Step[] {
    const file = this.#file as number;
    const buffer = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes; ) {
      const read = readSync(file, buffer, done, bytes - done, at + done);
      if (read === 0) throw new Error("The temporary file of the replay was cut");
      done += read;
    }
    this.#waiting -= bytes;
    if (this.#waiting === 0) {
      ftruncateSync(file, 0);
      this.#end = 0;
    }
    return JSON.parse(buffer.toString()) as Step[];
  }

  /** Removes the file. */
  close(): void {
    if (this.#file === null) return;
    closeSync(this.#file);
    this.#file = null;
    rmSync(this.#path, { force: true });
  }

  #open(): number {
    if (this.#file === null) {
      this.#path = join(tmpdir(), `captures-replay-${randomUUID()}`);
      this.#file = openSync(this.#path, "wx+", 0o600);
      try {
        rmSync(this.#path);
      } catch {
        // Windows removes no file that is open: close does it.
      }
    }
    return this.#file;
  }
}
