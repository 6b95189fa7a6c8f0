import type { Command } from "commander";
import { type Cli, serviceOf } from "../cli.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
import { print, printJson } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

/** `captures rename`: another name for a capture. */
export function addRename(program: Command, cli: Cli): void {
  program
    .command("rename")
    .description("Give a capture another name.")
    .argument("<capture>", CAPTURE_WORDS)
    .argument("<name>", "its new name, unique in the environment")
    .addHelpText(
      "after",
      `
With --json it prints the capture.

Example:
  captures rename 7 "before the index"`,
    )
    .action(async (text: string, name: string) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const renamed = await service.client.captures.rename(id, name, { signal: cli.signal });
      if (cli.global.json) printJson(cli, renamed);
      else print(cli, `Capture ${id} is now "${clean(renamed.name)}"`);
    });
}
