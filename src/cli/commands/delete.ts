import type { Command } from "commander";
import { hasEnded } from "../../db/states.ts";
import { type Cli, serviceOf } from "../cli.ts";
import { CAPTURE_WORDS, findCapture } from "../finding.ts";
import { confirmDeletion } from "../terminal/ask.ts";
import { formatTime } from "../terminal/format.ts";
import { print, printJson } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

/** `captures delete`: a capture, and what it has recorded. */
export function addDelete(program: Command, cli: Cli): void {
  program
    .command("delete")
    .description("Delete a capture, and what it has recorded. One that runs is ended first.")
    .argument("<capture>", CAPTURE_WORDS)
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      `
It asks first; where nobody can be asked, it needs --yes. For some weeks captures restore brings it back.
With --json it prints the capture as it was.

Example:
  captures delete 7 --yes`,
    )
    .action(async (text: string, { yes }: { yes?: true }) => {
      const service = serviceOf(cli);
      const { client, signal } = service;
      const { id, name, status } = await findCapture(service, text);
      const how = hasEnded(status) ? "" : `, which is ${status}`;
      if (!yes) await confirmDeletion(cli, `capture ${id}`, `"${clean(name)}"${how}`);
      const deleted = await client.captures.delete(id, { signal });
      if (cli.global.json) return printJson(cli, deleted);
      const { restorableUntil } = await client.captures.getFull(id, { signal });
      const until = restorableUntil === null ? "" : ` until ${formatTime(restorableUntil)}`;
      print(cli, `Capture ${id} is deleted; captures restore ${id} brings it back${until}`);
    });
}
