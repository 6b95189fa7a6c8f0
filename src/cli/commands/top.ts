import { type Command, Option } from "commander";
import { DIGEST_ORDERS, type DigestOrder } from "../../workload/timing/order.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { CAPTURE_WORDS, findCaptureId, findEnvironment } from "../finding.ts";
import { countOption, durationOption } from "../options.ts";
import { formatDuration } from "../terminal/format.ts";
import { printJson, printTable } from "../terminal/print.ts";
import { hasScreen } from "../terminal/screen.ts";
import { showTop } from "../top-screen.ts";
import { rowsOf, type TopState, topColumns } from "../top-view.ts";

interface TopOptions {
  env?: string;
  sort?: DigestOrder;
  every: number;
  limit?: number;
  once?: true;
}

/** Statements of a table that is printed once. */
const PRINTED = 20;
/** Statements that are asked for while it is live: more than most terminals have rows, so that rates are known of those that come. */
const ASKED = 200;
const EVERY_MS = 5000;
const LEAST_EVERY_MS = 1000;

/** `captures top`: what a database does, as the program top has it. */
export function addTop(program: Command, cli: Cli): void {
  program
    .command("top")
    .description("Show a capture's statements with the most time or calls first, live.")
    .argument("[capture]", `${CAPTURE_WORDS}; else the newest that runs`)
    .option("-e, --env <name>", "the newest capture that runs of this environment")
    .addOption(
      new Option("--sort <order>", "the order; else by time, or by calls without the slow log").choices(
        DIGEST_ORDERS,
      ),
    )
    .addOption(
      new Option("--every <duration>", "how often it is asked again")
        .argParser(durationOption)
        .default(EVERY_MS, formatDuration(EVERY_MS)),
    )
    .option("-n, --limit <number>", "how many statements, where it prints them once", countOption(1000))
    .option("--once", "print one table, as it does where there is no terminal")
    .addHelpText(
      "after",
      `
In a terminal: q ends it, s changes the order, space pauses it. Rates are those since it was asked last.
With --json it prints what the API's digest has, once.

Examples:
  captures top
  captures top --env prod --sort p99
  captures top 7 --once -n 5`,
    )
    .action(async (text: string | undefined, options: TopOptions) => {
      const service = serviceOf(cli);
      const id = await chooseCapture(service, text, options.env);
      const isLive = hasScreen(cli) && !options.once && !cli.global.json;
      const capture = await service.client.captures.getFull(id, { signal: cli.signal });
      const order = options.sort ?? (capture.log === "general" ? "calls" : "time");
      const limit = isLive ? ASKED : (options.limit ?? PRINTED);
      const ask = (by: DigestOrder, signal: AbortSignal) => read({ ...service, signal }, id, by, limit);
      if (isLive) return showTop(cli, ask, order, Math.max(LEAST_EVERY_MS, options.every));
      const state = await ask(order, cli.signal);
      if (cli.global.json) printJson(cli, state.digest);
      else printTable(cli, topColumns(capture.log, false), rowsOf(state, null));
    });
}

async function chooseCapture(
  service: Service,
  text: string | undefined,
  env: string | undefined,
): Promise<number> {
  if (text !== undefined && env !== undefined)
    throw new Failure("Say a capture or --env, not both", EXIT.usage);
  if (text !== undefined) return findCaptureId(service, text);
  const environment = env === undefined ? null : await findEnvironment(service, env);
  const filter = { status: "RUNNING", limit: 1, ...(environment && { envId: environment.id }) } as const;
  const { captures } = await service.client.captures.page(filter, { signal: service.signal });
  if (captures[0] !== undefined) return captures[0].id;
  const where = environment === null ? "" : ` of ${environment.name}`;
  throw new Failure(`No capture${where} is running`, EXIT.failed, "captures start makes one.");
}

async function read(
  { client, signal }: Service,
  id: number,
  order: DigestOrder,
  limit: number,
): Promise<TopState> {
  const [capture, live, digest] = await Promise.all([
    client.captures.getFull(id, { signal }),
    client.captures.progress(id, { signal }),
    client.captures.digest(id, { order, limit }, { signal }),
  ]);
  return { capture, live, digest, order, at: Date.now() };
}
