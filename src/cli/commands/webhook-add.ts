import { type Command, InvalidArgumentError, Option } from "commander";
import type { Webhook } from "../../client/index.ts";
import { EVENT_TYPES, type EventType } from "../../webhooks/events.ts";
import { KINDS, type Kind } from "../../webhooks/kinds.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { chooseEnvironment } from "../new-capture.ts";
import { readLine } from "../terminal/ask.ts";
import { print, printJson, say } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";
import { findMember } from "../webhooks.ts";

/** How a webhook is, in a line. */
export const saidOf = ({ id, name, state, disabledReason }: Webhook): string =>
  `Webhook ${id} "${clean(name)}": ${state}${disabledReason === null ? "" : `. ${clean(disabledReason)}`}`;

/** Where the console shows it. */
export const webhookAddress = ({ baseUrl }: Service, { envId }: Webhook): string =>
  `${baseUrl}/environments/${envId}/webhooks`;

/** Prints a secret that is shown once, if there is one. */
export function printSecret(cli: Cli, secret: string | null): void {
  if (secret === null) return;
  print(cli, `Secret: ${secret}`);
  say(cli, "Keep the secret: it is not shown again.");
}

/** Types of events, parted by commas. */
function eventsOption(text: string): EventType[] {
  return text.split(",").map((word) => {
    const type = EVENT_TYPES.find((one) => one === word.trim());
    if (type === undefined) throw new InvalidArgumentError(`They are ${EVENT_TYPES.join(", ")}.`);
    return type;
  });
}

interface AddOptions {
  name: string;
  env?: string;
  kind: Kind;
  address?: string;
  recipient?: string;
  events?: EventType[];
}

/** `captures webhook add`. */
export function addWebhookAdd(webhook: Command, cli: Cli): void {
  webhook
    .command("add")
    .description("Make a webhook.")
    .requiredOption("--name <name>", "its name")
    .option("-e, --env <name>", "the environment, by its name or id (or the variable CAPTURES_ENV)")
    .addOption(
      new Option("--kind <kind>", "signed as Standard Webhooks, Slack's incoming webhook, or mail")
        .choices(KINDS)
        .default("standard"),
    )
    .option("--address <url>", "where it is sent; - reads it from standard input")
    .option("--recipient <member>", "who gets the mails: a member's e-mail address, id or name")
    .option("--events <types>", "what it is told, parted by commas; else everything", eventsOption)
    .addHelpText(
      "after",
      `
Events are ${EVENT_TYPES.join(", ")}.
The secret that it is signed with is printed only now. An address of Slack's is a secret: others on the machine see the words of a command,
but not its standard input. With --json it prints the webhook with its secret.

Examples:
  captures webhook add --env prod --name ci --address https://ci.shop.com/captures --events capture.done,capture.failed
  captures webhook add --env prod --name channel --kind slack --address - < slack-address
  captures webhook add --env prod --name mails --kind email --recipient jo@shop.com`,
    )
    .action(async ({ name, env, kind, address, recipient, events = [...EVENT_TYPES] }: AddOptions) => {
      const service = serviceOf(cli);
      if (kind === "email" ? recipient === undefined || address !== undefined : recipient !== undefined)
        throw new Failure("A mail needs --recipient and no --address, and nothing else does", EXIT.usage);
      if (kind !== "email" && address === undefined)
        throw new Failure(
          "Where to? Give --address",
          EXIT.usage,
          "captures webhook add --help has examples.",
        );
      const to = address === "-" ? await readLine("address") : address;
      const { id: envId } = await chooseEnvironment(cli, service, env);
      const member = recipient === undefined ? undefined : await findMember(service, envId, recipient);
      const wanted = {
        ...{ kind, name, events },
        ...(to !== undefined && { address: to }),
        ...(member !== undefined && { recipient: member.userId }),
      };
      const made = await service.client.webhooks.create(envId, wanted, { signal: cli.signal });
      if (cli.global.json) return printJson(cli, made);
      print(cli, saidOf(made));
      print(cli, webhookAddress(service, made));
      printSecret(cli, made.secret);
    });
}
