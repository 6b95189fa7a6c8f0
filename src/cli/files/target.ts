import { once } from "node:events";
import {
  createWriteStream,
  existsSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type WriteStream,
} from "node:fs";
import { finished } from "node:stream/promises";
import type { Cli } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { STANDARD_OUTPUT, writeFailure } from "./write-failure.ts";

/** Where a result is written to. */
export interface Target {
  /** Waits as long as it takes nothing. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** All was written: the file gets its name. */
  commit(): Promise<void>;
  /** It failed: nothing of it is left. What went to standard output or a pipe can't be taken back. */
  discard(): Promise<void>;
}

/**
 * Opens a file that is there as a whole or not at all: it has another name until it is complete. Standard output, pipes and devices
 * are written to as they are.
 * @param file its name; `-` for standard output
 * @param isNew whether a file that is there is refused
 * @throws Failure when it can't be written
 */
export async function openTarget(cli: Cli, file: string, { isNew = false } = {}): Promise<Target> {
  if (file === STANDARD_OUTPUT) return targetOf(file, cli.out, async () => {});
  if (isNew && existsSync(file))
    throw new Failure(`${file} is there already`, EXIT.failed, "--force replaces it.");
  const { path, isPlain } = placeOf(file);
  const written = isPlain ? `${path}.${process.pid}.part` : path;
  const stream = createWriteStream(written, { flags: isPlain ? "wx" : "w" });
  try {
    await once(stream, "open");
  } catch (error) {
    throw writeFailure(file, error);
  }
  // Each write says by itself when it fails.
  stream.on("error", () => {});
  const end = async (then: () => void) => {
    stream.end();
    await finished(stream);
    then();
  };
  const target = targetOf(file, stream, async () => {
    await end(() => isPlain && renameSync(written, path));
  });
  return {
    ...target,
    async discard() {
      stream.destroy();
      if (isPlain) rmSync(written, { force: true });
    },
  };
}

/** Where a file really is, and whether it is one: a link is followed, and a device such as /dev/null must not be replaced. */
function placeOf(file: string): { path: string; isPlain: boolean } {
  try {
    const path = realpathSync(file);
    const stat = statSync(path);
    if (stat.isDirectory()) throw new Failure(`${file} is a folder`);
    return { path, isPlain: stat.isFile() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { path: file, isPlain: true };
    throw error instanceof Failure ? error : writeFailure(file, error);
  }
}

function targetOf(
  file: string,
  stream: WriteStream | NodeJS.WriteStream,
  commit: () => Promise<void>,
): Target {
  return {
    async write(bytes) {
      try {
        await new Promise<void>((resolve, reject) => {
          stream.write(bytes, (error) => (error ? reject(error) : resolve()));
        });
      } catch (error) {
        throw writeFailure(file, error);
      }
    },
    async commit() {
      try {
        await commit();
      } catch (error) {
        throw writeFailure(file, error);
      }
    },
    async discard() {},
  };
}

/**
 * Writes a text to a file as a whole, or to standard output.
 * @throws Failure when it can't be written
 */
export async function writeWhole(cli: Cli, file: string, text: string): Promise<void> {
  const target = await openTarget(cli, file);
  try {
    await target.write(text);
    await target.commit();
  } catch (error) {
    await target.discard();
    throw error;
  }
}
