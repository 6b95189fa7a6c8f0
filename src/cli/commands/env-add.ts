import type { Command } from "commander";
import { CapturesError, type ListedInstance, type NewEnvironment } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { policyOf } from "../policies.ts";
import { askChoice, askSecret, askText, askWhether, readLine } from "../terminal/ask.ts";
import { printChecks } from "../terminal/checks.ts";
import { print, printJson, say } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

interface AddOptions {
  name?: string;
  region?: string;
  instance?: string;
  roleArn?: string;
  accessKeyId?: string;
  secretStdin?: true;
  allowNotReady?: true;
}

type Credentials = NewEnvironment["credentials"];

/** `captures env add`: registers an instance, by options or by questions. */
export function addEnvAdd(env: Command, cli: Cli): void {
  env
    .command("add")
    .description("Add an environment. In a terminal it asks for what no option says.")
    .option("--name <name>", "what people call it here")
    .option("--role-arn <arn>", "reach it by this role, whose trust policy is as captures env trust says")
    .option("--access-key-id <id>", "reach it by this access key (or the variable AWS_ACCESS_KEY_ID)")
    .option(
      "--secret-stdin",
      "read the secret access key from standard input, not from AWS_SECRET_ACCESS_KEY",
    )
    .option("--region <region>", "the AWS region (or the variable AWS_REGION)")
    .option("--instance <identifier>", "the RDS instance")
    .option("--allow-not-ready", "add it also when captures of it would not work yet")
    .addHelpText(
      "after",
      `
The secret of a key is never an option, since others of the machine could see it.
If captures of the instance would not work, the checks say why, and nothing is added.
With --json it prints what the API answers: the environment with its checks.

Examples:
  captures env add
  captures env add --name prod --region eu-central-1 --instance shop-1 --role-arn arn:aws:iam::123456789012:role/captures`,
    )
    .action(async (options: AddOptions) => {
      const service = serviceOf(cli);
      const wanted = await requestOf(cli, service, options);
      const made = await create(cli, service, wanted);
      if (cli.global.json) return printJson(cli, made);
      printChecks(cli, made.checks);
      print(
        cli,
        `Environment ${made.id} "${clean(made.name)}" is added, and ${made.ready ? "ready" : "not ready"}`,
      );
    });
}

/** What to add: what the options say, and for the rest what somebody answers. */
async function requestOf(cli: Cli, service: Service, options: AddOptions): Promise<NewEnvironment> {
  const name = options.name ?? (await ask(cli, "--name", "What is the environment to be called?"));
  const credentials = await credentialsOf(cli, service, options);
  const region =
    options.region ??
    (cli.env.AWS_REGION || undefined) ??
    (await ask(cli, "--region", "AWS region, such as eu-central-1"));
  const instance = options.instance ?? (await chooseInstance(cli, service, region, credentials));
  return { name, region, instance, credentials, ...(options.allowNotReady && { allowNotReady: true }) };
}

/** @throws Failure where nobody can be asked */
function ask(cli: Cli, option: string, question: string): Promise<string> {
  if (!cli.isInteractive) throw new Failure(`${option} is missing`, EXIT.usage);
  return askText(cli, question);
}

async function credentialsOf(cli: Cli, service: Service, options: AddOptions): Promise<Credentials> {
  const { roleArn, secretStdin } = options;
  if (roleArn !== undefined && options.accessKeyId !== undefined)
    throw new Failure("--role-arn and --access-key-id are two ways to reach it: give one", EXIT.usage);
  if (roleArn !== undefined) return { roleArn };
  const accessKeyId = options.accessKeyId ?? (cli.env.AWS_ACCESS_KEY_ID || undefined);
  if (accessKeyId !== undefined) {
    const secretAccessKey = secretStdin
      ? await readLine("secret access key")
      : cli.env.AWS_SECRET_ACCESS_KEY || (await askForSecret(cli));
    return { accessKeyId, secretAccessKey };
  }
  if (!cli.isInteractive)
    throw new Failure("How is it reached? Give --role-arn or --access-key-id", EXIT.usage);
  const way = await askChoice(cli, "How is it reached?", [
    { value: "role", label: "By an IAM role", hint: "without a secret that could leak" },
    { value: "key", label: "By an access key" },
  ]);
  if (way === "role") return { roleArn: await askForRole(cli, service) };
  return {
    accessKeyId: await askText(cli, "Access key id"),
    secretAccessKey: await askSecret(cli, "Secret access key"),
  };
}

function askForSecret(cli: Cli): Promise<string> {
  if (!cli.isInteractive) throw new Failure("Set AWS_SECRET_ACCESS_KEY, or give --secret-stdin", EXIT.usage);
  return askSecret(cli, "Secret access key");
}

async function askForRole(cli: Cli, { client, signal }: Service): Promise<string> {
  const { trustPolicy } = await client.environments.askForExternalId({ signal });
  say(cli, "In IAM, make a role with this custom trust policy:");
  say(cli, JSON.stringify(trustPolicy, null, 2));
  return askText(cli, "The role's ARN");
}

/** Has somebody choose one of the account's instances; where they can't be listed, type it. */
async function chooseInstance(
  cli: Cli,
  { client, signal }: Service,
  region: string,
  credentials: Credentials,
): Promise<string> {
  if (!cli.isInteractive) throw new Failure("--instance is missing", EXIT.usage);
  const listed = await client.environments.instances({ region, credentials }, { signal }).catch((error) => {
    if (!(error instanceof CapturesError && error.status !== 401)) throw error;
    say(cli, `The instances can't be listed: ${clean(error.message)}`);
    return null;
  });
  const instances = listed?.instances ?? [];
  if (instances.length === 0) return askText(cli, "The RDS instance's identifier");
  const chosen = await askChoice(cli, "Which instance?", offered(instances));
  const found = instances.find(({ instance }) => instance === chosen) as ListedInstance;
  say(cli, "The role or the key needs this permissions policy:");
  const known = {
    account: listed?.accountId,
    ...("roleArn" in credentials && { roleArn: credentials.roleArn }),
  };
  say(cli, JSON.stringify(policyOf({ region, ...found }, known), null, 2));
  if (!(await askWhether(cli, "Has it this policy?", true))) throw new Failure("Nothing was added");
  return chosen;
}

/** Those that can be captured come first. Why another can't be has no room here: `--instance` with it says so. */
const offered = (instances: readonly ListedInstance[]) =>
  [...instances]
    .sort((one, other) => Number(other.capturable) - Number(one.capturable))
    .map(({ instance, engine, engineVersion, role, capturable }) => ({
      value: instance,
      label: `${instance} (${engine} ${engineVersion}${role === null ? "" : `, ${role}`})`,
      disabled: !capturable,
      ...(!capturable && { hint: "can't be captured as it is" }),
    }));

/** Adds it; where captures would not work, shows why, and asks whether to add it all the same. */
async function create(cli: Cli, { client, signal }: Service, wanted: NewEnvironment) {
  try {
    return await client.environments.create(wanted, { signal });
  } catch (error) {
    if (!(error instanceof CapturesError) || error.checks === null) throw error;
    printChecks(cli, error.checks, say);
    const refused = new Failure(
      error.message,
      EXIT.failed,
      "With --allow-not-ready it is added all the same.",
    );
    if (!cli.isInteractive || !(await askWhether(cli, "Add it all the same?"))) throw refused;
    return client.environments.create({ ...wanted, allowNotReady: true }, { signal });
  }
}
