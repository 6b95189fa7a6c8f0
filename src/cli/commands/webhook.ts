import type { Command } from "commander";
import { CapturesError, type Webhook, type WebhookDelivery } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { type Fact, textOrNull, timeOrNull } from "../facts.ts";
import { EXIT, Failure } from "../failure.ts";
import { isId } from "../finding.ts";
import { countOption } from "../options.ts";
import { confirmDeletion } from "../terminal/ask.ts";
import { colorsFor } from "../terminal/colors.ts";
import { formatTime } from "../terminal/format.ts";
import { print, printFacts, printJson, printTable, say } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";
import { allWebhooks, findWebhook, WEBHOOK_WORDS } from "../webhooks.ts";
import { addWebhookAdd, printSecret, saidOf, webhookAddress } from "./webhook-add.ts";

/** The most deliveries that the API shows. */
const MAX_DELIVERIES = 100;
const ENVIRONMENT = "only in this environment (its name or id)";

/** `captures webhook`: where what happens to captures is told. */
export function addWebhook(program: Command, cli: Cli): void {
  const webhook = program
    .command("webhook")
    .description("Webhooks: where what happens to an environment's captures is told.");
  addWebhookList(webhook, cli);
  addWebhookAdd(webhook, cli);
  addWebhookShow(webhook, cli);
  addWebhookTest(webhook, cli);
  addWebhookRedeliver(webhook, cli);
  addWebhookRotateSecret(webhook, cli);
  addWebhookSwitch(webhook, cli, {
    name: "pause",
    description: "Pause a webhook: what happens meanwhile is not told.",
    paused: true,
  });
  addWebhookSwitch(webhook, cli, {
    name: "resume",
    description: "Resume a webhook that is paused, or that the service has switched off.",
    paused: false,
  });
  addWebhookRemove(webhook, cli);
}

/** Where it is sent. */
const targetOf = ({ address, recipient }: Webhook): string =>
  address ?? recipient?.name ?? recipient?.id ?? "-";

function addWebhookList(webhook: Command, cli: Cli): void {
  webhook
    .command("list")
    .description("List webhooks.")
    .option("-e, --env <name>", ENVIRONMENT)
    .addHelpText(
      "after",
      `
STATE is active, failing while nothing arrives, paused, or disabled where the service has switched it off. Who is no admin sees those
that send mail to them. With --json it prints an array of the API's webhooks.

Examples:
  captures webhook list
  captures webhook list --env prod --json | jq -r '.[] | select(.state != "active").name'`,
    )
    .action(async ({ env }: { env?: string }) => {
      const { webhooks, names } = await allWebhooks(serviceOf(cli), env);
      if (cli.global.json) return printJson(cli, webhooks);
      const colors = colorsFor(cli, cli.out);
      printTable<Webhook>(
        cli,
        [
          { title: "ID", of: ({ id }) => id, align: "right" },
          { title: "NAME", of: ({ name }) => name, shrinks: true },
          { title: "KIND", of: ({ kind }) => kind },
          {
            title: "STATE",
            of: ({ state }) => state,
            paint: (text) => (text === "active" ? colors.green(text) : colors.yellow(text)),
          },
          { title: "ENVIRONMENT", of: ({ envId }) => names.get(envId) ?? envId },
          { title: "TO", of: targetOf },
          { title: "EVENTS", of: ({ events }) => events.join(","), shrinks: true },
        ],
        webhooks,
      );
    });
}

function addWebhookShow(webhook: Command, cli: Cli): void {
  webhook
    .command("show")
    .description("Show a webhook, and its last deliveries.")
    .argument("<webhook>", WEBHOOK_WORDS)
    .option("-e, --env <name>", ENVIRONMENT)
    .option("-n, --limit <number>", "how many deliveries", countOption(MAX_DELIVERIES), 10)
    .addHelpText(
      "after",
      `
Times are in this machine's time zone; the newest delivery comes first. Deliveries are for admins. With --json it prints the webhook as the
API has it, with its deliveries.

Example:
  captures webhook show ci -n 3`,
    )
    .action(async (text: string, { env, limit }: { env?: string; limit: number }) => {
      const service = serviceOf(cli);
      const { client, signal } = service;
      const { webhook: found, environment } = await findWebhook(service, text, env);
      const deliveries = await client.webhooks
        .deliveries(found.envId, found.id, { limit }, { signal })
        .catch((error): WebhookDelivery[] => {
          // Who gets its mails sees the webhook alone.
          if (error instanceof CapturesError && error.status === 403) return [];
          throw error;
        });
      if (cli.global.json) return printJson(cli, { ...found, deliveries });
      printFacts(cli, factsOf(service, found, environment));
      if (deliveries.length === 0) return;
      print(cli, "");
      printDeliveries(cli, deliveries);
    });
}

function factsOf(service: Service, webhook: Webhook, environment: string): Fact[] {
  return [
    ["Webhook", `${webhook.id} ${clean(webhook.name)}`],
    ["Page", webhookAddress(service, webhook)],
    ["Environment", clean(environment)],
    ["Kind", webhook.kind],
    ["To", clean(targetOf(webhook))],
    ["Events", webhook.events.join(", ")],
    ["State", webhook.state],
    ["Failing", webhook.failingSince === null ? null : `since ${formatTime(webhook.failingSince)}`],
    ["Paused", timeOrNull(webhook.pausedAt)],
    ["Switched off", timeOrNull(webhook.disabledAt)],
    ["Reason", textOrNull(webhook.disabledReason)],
    ["Made", formatTime(webhook.createdAt)],
  ];
}

function printDeliveries(cli: Cli, deliveries: readonly WebhookDelivery[]): void {
  const colors = colorsFor(cli, cli.out);
  printTable<WebhookDelivery>(
    cli,
    [
      { title: "DELIVERY", of: ({ id }) => id, align: "right" },
      { title: "TIME", of: ({ time }) => formatTime(time) },
      { title: "EVENT", of: ({ type }) => type },
      { title: "CAPTURE", of: ({ captureId }) => captureId ?? "-", align: "right" },
      {
        title: "STATUS",
        of: ({ status }) => status,
        paint: (text) => (text === "delivered" ? colors.green(text) : colors.yellow(text)),
      },
      { title: "ATTEMPTS", of: ({ attempts }) => attempts, align: "right" },
      { title: "NEXT", of: ({ nextAttempt }) => (nextAttempt === null ? "-" : formatTime(nextAttempt)) },
      { title: "LAST", of: lastOf, shrinks: true },
    ],
    deliveries,
  );
}

/** What came of the last attempt. */
function lastOf({ lastAttempts }: WebhookDelivery): string {
  const last = lastAttempts.at(-1);
  return last === undefined ? "-" : (last.error ?? `answered ${last.status ?? "nothing"}`);
}

function addWebhookTest(webhook: Command, cli: Cli): void {
  webhook
    .command("test")
    .description("Send a test, and say what came of it.")
    .argument("<webhook>", WEBHOOK_WORDS)
    .option("-e, --env <name>", ENVIRONMENT)
    .addHelpText(
      "after",
      `
It makes one attempt, and exits with 1 when that fails. With --json it prints the delivery.

Example:
  captures webhook test ci`,
    )
    .action(async (text: string, { env }: { env?: string }) => {
      const service = serviceOf(cli);
      const { webhook: found } = await findWebhook(service, text, env);
      const sent = await service.client.webhooks.test(found.envId, found.id, { signal: cli.signal });
      if (cli.global.json) printJson(cli, sent);
      else {
        const { status, lastAttempts } = sent;
        const took = lastAttempts.at(-1)?.duration;
        print(
          cli,
          `${status}: ${clean(lastOf(sent))}${took === undefined ? "" : ` after ${Math.round(took)} ms`}`,
        );
      }
      if (sent.status !== "delivered") process.exitCode = EXIT.failed;
    });
}

function addWebhookRedeliver(webhook: Command, cli: Cli): void {
  webhook
    .command("redeliver")
    .description("Send a delivery again that has arrived or was given up.")
    .argument("<webhook>", WEBHOOK_WORDS)
    .argument("<delivery>", "its id, as webhook show has it")
    .option("-e, --env <name>", ENVIRONMENT)
    .addHelpText(
      "after",
      `
It is sent under the same id, and does not wait for what comes of it: webhook show says. With --json it prints the delivery.

Example:
  captures webhook redeliver ci 71`,
    )
    .action(async (text: string, delivery: string, { env }: { env?: string }) => {
      if (!isId(delivery)) throw new Failure(`"${delivery}" is no delivery's id`, EXIT.usage);
      const service = serviceOf(cli);
      const { webhook: found } = await findWebhook(service, text, env);
      const { envId, id } = found;
      const sent = await service.client.webhooks.redeliver(envId, id, Number(delivery), {
        signal: cli.signal,
      });
      if (cli.global.json) printJson(cli, sent);
      else print(cli, `Delivery ${sent.id} (${sent.type}): ${sent.status}`);
    });
}

function addWebhookRotateSecret(webhook: Command, cli: Cli): void {
  webhook
    .command("rotate-secret")
    .description("Give a webhook another secret, and print it once.")
    .argument("<webhook>", WEBHOOK_WORDS)
    .option("-e, --env <name>", ENVIRONMENT)
    .addHelpText(
      "after",
      `
The secret before it signs too for a day. With --json it prints the webhook with its secret.

Example:
  captures webhook rotate-secret ci`,
    )
    .action(async (text: string, { env }: { env?: string }) => {
      const service = serviceOf(cli);
      const { webhook: found } = await findWebhook(service, text, env);
      const changed = await service.client.webhooks.rotateSecret(found.envId, found.id, {
        signal: cli.signal,
      });
      if (cli.global.json) return printJson(cli, changed);
      print(cli, saidOf(changed));
      printSecret(cli, changed.secret);
      if (changed.previousUntil !== null)
        say(cli, `The secret before it signs too until ${formatTime(changed.previousUntil)}.`);
    });
}

/** `webhook pause` or `webhook resume`. */
function addWebhookSwitch(
  webhook: Command,
  cli: Cli,
  { name, description, paused }: { name: string; description: string; paused: boolean },
): void {
  webhook
    .command(name)
    .description(description)
    .argument("<webhook>", WEBHOOK_WORDS)
    .option("-e, --env <name>", ENVIRONMENT)
    .addHelpText(
      "after",
      `
With --json it prints the webhook.

Example:
  captures webhook ${name} ci`,
    )
    .action((text: string, { env }: { env?: string }) => setPaused(cli, text, env, paused));
}

async function setPaused(cli: Cli, text: string, env: string | undefined, paused: boolean): Promise<void> {
  const service = serviceOf(cli);
  const { webhook: found } = await findWebhook(service, text, env);
  const changed = await service.client.webhooks.update(
    found.envId,
    found.id,
    { paused },
    { signal: cli.signal },
  );
  if (cli.global.json) printJson(cli, changed);
  else print(cli, saidOf(changed));
}

function addWebhookRemove(webhook: Command, cli: Cli): void {
  webhook
    .command("remove")
    .description("Delete a webhook with its deliveries.")
    .argument("<webhook>", WEBHOOK_WORDS)
    .option("-e, --env <name>", ENVIRONMENT)
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      `
It asks first; where nobody can be asked, it needs --yes. With --json it prints the webhook as it was.

Example:
  captures webhook remove ci --yes`,
    )
    .action(async (text: string, { env, yes }: { env?: string; yes?: true }) => {
      const service = serviceOf(cli);
      const { webhook: found } = await findWebhook(service, text, env);
      if (!yes) await confirmDeletion(cli, `webhook ${found.id}`, `"${clean(found.name)}"`);
      const removed = await service.client.webhooks.delete(found.envId, found.id, { signal: cli.signal });
      if (cli.global.json) printJson(cli, removed);
      else print(cli, `Deleted webhook ${removed.id} "${clean(removed.name)}"`);
    });
}
