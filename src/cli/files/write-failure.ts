import { Failure } from "../failure.ts";

/** Standard output, as the name of a file. */
export const STANDARD_OUTPUT = "-";

/** Says that a file can't be written, or standard output, and why. */
export const writeFailure = (file: string, error: unknown): Failure =>
  new Failure(
    `${file === STANDARD_OUTPUT ? "Standard output" : file} can't be written: ${(error as Error).message}`,
  );
