import type { Command } from "commander";
import { type Cli, serviceOf } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
import { follow } from "../following.ts";
import { saidOf } from "../outcome.ts";
import { print } from "../terminal/print.ts";

/** `captures watch`: how a capture gets on, until it ends. */
export function addWatch(program: Command, cli: Cli): void {
  program
    .command("watch")
    .description("Show how a capture gets on, until it has ended.")
    .argument("<capture>", CAPTURE_WORDS)
    .addHelpText(
      "after",
      `
Exits with 0 when the capture is DONE, with 1 when it has FAILED. Ctrl-C ends the command, not the capture.
With --json it prints each message of the API's live connection, one a line.

Examples:
  captures watch last
  captures watch 7 --json | jq -c .workload`,
    )
    .action(async (text: string) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const ended = await follow(cli, service, id, {
        onMessage: (message) => {
          if (cli.global.json) print(cli, JSON.stringify(message));
        },
      });
      if (!cli.global.json) print(cli, saidOf(cli, ended));
      if (ended.status === "FAILED") process.exitCode = EXIT.failed;
    });
}
