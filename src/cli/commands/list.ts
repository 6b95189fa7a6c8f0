import type { Command } from "commander";
import type { Capture } from "../../client/index.ts";
import { type Cli, clientOf } from "../cli.ts";
import { printJson, printTable } from "../terminal/print.ts";

/** `captures list`: the newest captures. */
export function addList(program: Command, cli: Cli): void {
  program
    .command("list")
    .description("List captures, newest first.")
    .option("-n, --limit <number>", "how many", Number, 20)
    .action(async ({ limit }: { limit: number }) => {
      const captures: Capture[] = [];
      for await (const capture of clientOf(cli).captures.list({ limit }, { signal: cli.signal })) {
        captures.push(capture);
        if (captures.length === limit) break;
      }
      if (cli.global.json) return printJson(cli, captures);
      printTable(
        cli,
        [
          { title: "ID", of: ({ id }) => id, align: "right" },
          { title: "NAME", of: ({ name }) => name },
          { title: "STATUS", of: ({ status }) => status },
        ],
        captures,
      );
    });
}
