import { Command } from "commander";
import type { Cli, GlobalOptions } from "./cli.ts";
import { addList } from "./commands/list.ts";

/** All commands of `captures`, in the order of its help. */
export function makeProgram(cli: Cli): Command {
  const program = new Command("captures")
    .description("Records what a production database does; compares, searches and replays it.")
    .option("--json", "print JSON instead of text")
    .option("--url <address>", "the service's address (or CAPTURES_URL)")
    .option("--key <key>", "an API key (or CAPTURES_KEY)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void cli.out.write(text),
      writeErr: (text) => void cli.err.write(text),
    })
    .hook("preAction", (_, command) => {
      Object.assign(cli.global, command.optsWithGlobals<GlobalOptions>());
    });
  for (const add of [addList]) add(program, cli);
  return program;
}
