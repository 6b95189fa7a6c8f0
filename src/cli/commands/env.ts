import type { Command } from "commander";
import type { Environment } from "../../client/index.ts";
import { type Cli, serviceOf } from "../cli.ts";
import { EXIT } from "../failure.ts";
import { findEnvironment } from "../finding.ts";
import { accountOption } from "../options.ts";
import { accountOf, policyOf, UNKNOWN_ACCOUNT } from "../policies.ts";
import { printChecks } from "../terminal/checks.ts";
import { colorsFor } from "../terminal/colors.ts";
import { print, printJson, printTable, say } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";
import { addEnvAdd } from "./env-add.ts";

/** `captures env`: the instances that can be captured. */
export function addEnv(program: Command, cli: Cli): void {
  const env = program
    .command("env")
    .description("Environments: the database instances that can be captured.");
  addEnvList(env, cli);
  addEnvAdd(env, cli);
  addEnvCheck(env, cli);
  addEnvTrust(env, cli);
  addEnvPolicy(env, cli);
}

function addEnvList(env: Command, cli: Cli): void {
  env
    .command("list")
    .description("List your environments.")
    .addHelpText(
      "after",
      `
READY is whether captures would work, as AWS said last; OWED how many parameter groups are still to be restored.
KEPT is for how long after a capture's end its workload is kept.
With --json it prints an array of the API's environments.

Example:
  captures env list`,
    )
    .action(async () => {
      const { client, signal } = serviceOf(cli);
      const environments = await client.environments.list({ signal });
      if (cli.global.json) return printJson(cli, environments);
      const colors = colorsFor(cli, cli.out);
      printTable<Environment>(
        cli,
        [
          { title: "ID", of: ({ id }) => id, align: "right" },
          { title: "NAME", of: ({ name }) => name, shrinks: true },
          { title: "INSTANCE", of: ({ instance }) => instance },
          { title: "REGION", of: ({ region }) => region },
          { title: "ENGINE", of: ({ engine, engineVersion }) => `${engine} ${engineVersion}` },
          { title: "ROLE", of: ({ role }) => role },
          {
            title: "READY",
            of: ({ ready }) => (ready ? "yes" : "no"),
            paint: (text, { ready }) => (ready ? colors.green(text) : colors.red(text)),
          },
          { title: "OWED", of: ({ owed }) => owed.length, align: "right" },
          {
            title: "KEPT",
            of: ({ retention: { workloadDays } }) => (workloadDays === null ? "always" : `${workloadDays}d`),
            align: "right",
          },
        ],
        environments,
      );
    });
}

function addEnvCheck(env: Command, cli: Cli): void {
  env
    .command("check")
    .description("Ask AWS whether captures of an environment would work, and show each check.")
    .argument("<environment>", "its name or id")
    .addHelpText(
      "after",
      `
Exits with 1 when captures would not work. What is owed to a parameter group is tried again.
With --json it prints what the API answers: the environment with its checks.

Example:
  captures env check prod`,
    )
    .action(async (text: string) => {
      const service = serviceOf(cli);
      const { id } = await findEnvironment(service, text);
      const checked = await service.client.environments.check(id, { signal: cli.signal });
      if (cli.global.json) printJson(cli, checked);
      else {
        const { name, instance, ready, status, owed, checks } = checked;
        printChecks(cli, checks);
        for (const { parameterGroup, reason } of owed) {
          print(
            cli,
            `owed     ${clean(parameterGroup)} is not restored${reason === null ? "" : `: ${clean(reason)}`}`,
          );
        }
        const how = status === null ? "" : `, which is ${clean(status)}`;
        print(cli, `${clean(name)} (${clean(instance)}${how}): ${ready ? "ready" : "not ready"}`);
      }
      if (!checked.ready) process.exitCode = EXIT.failed;
    });
}

function addEnvTrust(env: Command, cli: Cli): void {
  env
    .command("trust")
    .description("Print the trust policy that the role of a new environment needs.")
    .addHelpText(
      "after",
      `
It has your external id in it, which the service keeps until an environment is added by a role.
With --json it prints what the API answers: {externalId, expiresAt, serviceArn, trustPolicy, templateUrl}.

Example:
  captures env trust > trust.json
  aws iam create-role --role-name captures --assume-role-policy-document file://trust.json`,
    )
    .action(async () => {
      const { client, signal } = serviceOf(cli);
      const external = await client.environments.askForExternalId({ signal });
      if (cli.global.json) printJson(cli, external);
      else print(cli, JSON.stringify(external.trustPolicy, null, 2));
    });
}

function addEnvPolicy(env: Command, cli: Cli): void {
  env
    .command("policy")
    .description("Print the permissions policy that an environment's role or key needs.")
    .argument("<environment>", "its name or id")
    .option(
      "--account <number>",
      "the AWS account of the instance, where its role's ARN does not say it",
      accountOption,
    )
    .addHelpText(
      "after",
      `
It is narrowed to the instance and its parameter group, with or without --json.

Example:
  captures env policy prod --account 123456789012 > policy.json`,
    )
    .action(async (text: string, { account }: { account?: string }) => {
      const environment = await findEnvironment(serviceOf(cli), text);
      const { credentials } = environment;
      const roleArn = credentials !== null && "roleArn" in credentials ? credentials.roleArn : undefined;
      if (accountOf({ account, roleArn }) === null)
        say(
          cli,
          `note: The account is not known: put its number in place of ${UNKNOWN_ACCOUNT}, or say --account.`,
        );
      print(cli, JSON.stringify(policyOf(environment, { account, roleArn }), null, 2));
    });
}
