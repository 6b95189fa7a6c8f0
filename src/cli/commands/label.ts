import type { Command } from "commander";
import { type Cli, serviceOf } from "../cli.ts";
import { labelsOf } from "../facts.ts";
import { EXIT, Failure } from "../failure.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
import { labelOption } from "../options.ts";
import { print, printJson } from "../terminal/print.ts";

/** `captures label`: what a capture can be found by. */
export function addLabel(program: Command, cli: Cli): void {
  program
    .command("label")
    .description("Put labels on a capture, or take them off.")
    .argument("<capture>", CAPTURE_WORDS)
    .argument("[labels...]", "KEY=VALUE, for each label to put on it")
    .option("-r, --remove <key...>", "take off the labels with these keys")
    .addHelpText(
      "after",
      `
Other labels stay as they are. With --json it prints the capture as the API's view=full has it.

Examples:
  captures label 7 branch=main release=1.2
  captures label last --remove branch`,
    )
    .action(async (text: string, labels: string[], { remove = [] }: { remove?: string[] }) => {
      if (labels.length === 0 && remove.length === 0) throw new Failure("Which label?", EXIT.usage);
      const added = labels.reduce<Record<string, string>>((all, label) => labelOption(label, all), {});
      const service = serviceOf(cli);
      const { signal } = service;
      const { captures } = service.client;
      const id = await findCaptureId(service, text);
      const before = await captures.getFull(id, { signal });
      const kept = Object.entries({ ...before.labels, ...added }).filter(([key]) => !remove.includes(key));
      const labelled = Object.fromEntries(kept);
      await captures.update(id, { labels: labelled }, { signal });
      if (cli.global.json) return printJson(cli, await captures.getFull(id, { signal }));
      print(cli, `Capture ${id}: ${labelsOf(labelled) ?? "no labels"}`);
    });
}
