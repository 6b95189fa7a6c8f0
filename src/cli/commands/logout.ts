import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { loginFile, readLogin, removeLogin } from "../settings.ts";
import { print, printJson } from "../terminal/print.ts";

/** `captures logout`: forgets the key. */
export function addLogout(program: Command, cli: Cli): void {
  program
    .command("logout")
    .description("Forget the key that login has kept.")
    .addHelpText(
      "after",
      `
The key stays valid until it is deleted on the console's page API keys. With --json it prints {url, file}; url is null if there
was none.

Example:
  captures logout`,
    )
    .action(() => {
      const login = readable(cli);
      removeLogin(cli.env);
      if (cli.global.json) return printJson(cli, { url: login?.url ?? null, file: loginFile(cli.env) });
      if (login === null) return print(cli, "There is no key here any more");
      print(
        cli,
        `The key for ${login.url} is forgotten here; it stays valid until it is deleted at ${login.url}/keys`,
      );
    });
}

/** What is kept; null for nothing, or for a file that can't be read. */
function readable(cli: Cli) {
  try {
    return readLogin(cli.env);
  } catch {
    return null;
  }
}
