import { accessSync, constants, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { LOCAL_AWS } from "./local.ts";

/** The logs of a real server that the local AWS serves. */
export interface ServerLogs {
  generalLog: string | undefined;
  slowLog: string | undefined;
}

/** What `npm run dev` can be told. */
export interface DevOptions extends ServerLogs {
  /** Whether the demo account gets environments of the Aurora cluster's writer and reader. */
  aurora: boolean;
}

/**
 * Reads the options of `npm run dev`. The files that `--general-log` and `--slow-log` name have to be readable once they are
 * there: the server may make them later.
 * @throws Error with what is wrong, in words for who called the program
 */
export function devOptions(args: string[]): DevOptions {
  const { "general-log": generalLog, "slow-log": slowLog, aurora = false } = optionsOf(args);
  check(generalLog, "--general-log", "general log");
  check(slowLog, "--slow-log", "slow query log");
  return { generalLog, slowLog, aurora };
}

function optionsOf(args: string[]) {
  const options = {
    "general-log": { type: "string" },
    "slow-log": { type: "string" },
    aurora: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\nusage: npm run dev [-- [--general-log FILE] [--slow-log FILE] [--aurora]]`,
    );
  }
}

function check(file: string | undefined, option: string, log: string): void {
  if (file === undefined) return;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined) {
    console.warn(`There is no ${file} yet: ${LOCAL_AWS.mariadb} has no ${log} until it is made`);
    return;
  }
  if (!found.isFile()) {
    throw new Error(`${file} is no file: ${option} takes the ${log} of a MariaDB or MySQL`);
  }
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new Error(`The ${log} can't be read (${(error as Error).message}): let this user read it`);
  }
}
