/** What a command's exit code says. They are documented in docs/cli.md, and scripts depend on them. */
export const EXIT = {
  done: 0,
  /** The service refused, could not be reached, or what was asked for failed. */
  failed: 1,
  /** The command line is wrong; nothing was done. */
  usage: 2,
  /** `compare --fail-on` found what it was to look for. */
  found: 3,
  /** Nobody is signed in, or the key is not valid any more. */
  signedOut: 4,
  /** `run` was given a program that can't be executed, or that is not there: as shells say it. */
  notExecutable: 126,
  notFound: 127,
  /** Ended by Ctrl-C, as shells say it: 128 and the number of SIGINT. */
  interrupted: 130,
  /** Ended by SIGHUP or SIGTERM. */
  hungUp: 129,
  terminated: 143,
} as const;

/** An exit code of our own; `run` passes on that of its program. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The end of a command that did not do what it was asked for: a message for people, and the exit code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: number;
  /** What to do about it; null when the message says all. */
  readonly hint: string | null;

  constructor(message: string, exitCode: ExitCode = EXIT.failed, hint: string | null = null) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
