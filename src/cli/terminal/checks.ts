import type { Check } from "../../client/index.ts";
import type { Cli } from "../cli.ts";
import { colorsFor } from "./colors.ts";
import { print } from "./print.ts";
import { clean } from "./text.ts";

/** Prints what was found of an instance, as the console shows it: each point, what it means, and what to do about it. */
export function printChecks(cli: Cli, checks: readonly Check[], write: typeof print = print): void {
  const colors = colorsFor(cli, write === print ? cli.out : cli.err);
  for (const { title, status, severity, detail, action } of checks) {
    const isBad = status === "failed" && severity === "error";
    const paint = status === "passed" ? colors.green : isBad ? colors.red : colors.yellow;
    const word = status === "failed" && severity === "warning" ? "warning" : status;
    write(cli, `${paint(word.padEnd("unknown".length))}  ${clean(title)}: ${clean(detail)}`);
    if (action !== null && status !== "passed")
      write(cli, `${" ".repeat("unknown".length)}  ${clean(action)}`);
  }
}
