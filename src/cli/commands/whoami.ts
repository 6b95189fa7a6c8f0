import type { Command } from "commander";
import { addressOf, type Cli, serviceOf } from "../cli.ts";
import { readLogin } from "../settings.ts";
import { formatTime } from "../terminal/format.ts";
import { printFacts, printJson } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

/** So much of a key is shown, to know it by: as the console shows it. */
const SHOWN = "captures_".length + 4;

/** `captures whoami`: where, and with which key. */
export function addWhoami(program: Command, cli: Cli): void {
  program
    .command("whoami")
    .description("Show the service, the key, and whether it is valid.")
    .addHelpText(
      "after",
      `
Exits with 4 when there is no key, or it is not valid. Whose it is and what it may do, is known of a login by the browser.
With --json it prints {url, key, source, user, expiresAt, scope, environments: [{id, name, role}]}; of the key, the first
characters. Environments are those that the key sees, each with your role.

Example:
  captures whoami`,
    )
    .action(async () => {
      const { client, baseUrl: url, signal } = serviceOf(cli);
      const { apiKey, source } = addressOf(cli);
      const environments = await client.environments.list({ signal });
      const login = source === "login" ? readLogin(cli.env) : null;
      const key = `${(apiKey ?? "").slice(0, SHOWN)}...`;
      const { user = null, expiresAt = null, scope = null } = login ?? {};
      if (cli.global.json) {
        const shown = environments.map(({ id, name, role }) => ({ id, name, role }));
        return printJson(cli, { url, key, source, user, expiresAt, scope, environments: shown });
      }
      printFacts(cli, [
        ["Service", url],
        ["User", user === null ? null : `${clean(user.name)} (${clean(user.email)})`],
        ["Key", `${clean(key)} (${source === "login" ? "of captures login" : "of CAPTURES_KEY"})`],
        ["May", scope === null ? null : scope === "read" ? "only read" : "read and change"],
        ["Valid until", expiresAt === null ? null : formatTime(expiresAt)],
        [
          "Environments",
          environments.map(({ name, role }) => `${clean(name)} (${role})`).join(", ") || "none",
        ],
      ]);
    });
}
