import { type Command, Option } from "commander";
import type { CaptureFilter, FullCapture } from "../../client/index.ts";
import { STATUSES } from "../../db/states.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { environmentNames, findEnvironment } from "../finding.ts";
import { countOption, labelOption, momentOption, pairsOf, wordOption } from "../options.ts";
import { colorsFor } from "../terminal/colors.ts";
import { formatBetween, formatDuration, formatTimeOrNone } from "../terminal/format.ts";
import { printJson, printTable } from "../terminal/print.ts";
import { paintStatus } from "../terminal/status.ts";

/** The most that one page of the API has. */
const MAX_PAGE = 1000;
const MOST = 100_000;

type Sort = NonNullable<CaptureFilter["sort"]>;
/** The API's orders. They are not imported, since zod would come along. */
const SORTS = Object.keys({
  "-created": true,
  created: true,
  "-start": true,
  start: true,
  "-name": true,
  name: true,
} satisfies Record<Sort, true>);

interface ListOptions {
  env?: string;
  status?: CaptureFilter["status"];
  label?: Record<string, string>;
  search?: string;
  name?: string;
  owner?: string;
  from?: Date;
  to?: Date;
  sort: Sort;
  limit: number;
}

/** `captures list`: captures, and which of them. */
export function addList(program: Command, cli: Cli): void {
  program
    .command("list")
    .description("List captures, newest first.")
    .option("-e, --env <name>", "only those of this environment (its name or id)")
    .addOption(
      new Option("-s, --status <status>", "only those in this state")
        .choices(STATUSES)
        .argParser(wordOption(STATUSES)),
    )
    .option(
      "-l, --label <key=value>",
      "only those with this label; several times for all of them",
      labelOption,
    )
    .option("--search <text>", "only those whose name has this text in it")
    .option("--name <name>", "only those with exactly this name")
    .option("--owner <me|id>", "only those that you, or a user, made")
    .option("--from <time>", "only those that recorded after this", momentOption("last"))
    .option("--to <time>", "only those that recorded before this", momentOption("last"))
    .addOption(new Option("--sort <order>", "the order").choices(SORTS).default("-created"))
    .option("-n, --limit <number>", "how many at most", countOption(MOST), 20)
    .addHelpText(
      "after",
      `
Prints a table; into a file or a pipe, lines with a tab between the columns. With --json it prints an array of captures as the API's
view=full has them.

Examples:
  captures list --env prod --status RUNNING
  captures list --label branch=main --sort -start -n 5
  captures list --from "yesterday 18:00" --json | jq -r '.[].id'`,
    )
    .action(async (options: ListOptions) => {
      const service = serviceOf(cli);
      const captures = await readCaptures(service, await filterOf(service, options), options.limit);
      if (cli.global.json) return printJson(cli, captures);
      const names = await environmentNames(service);
      const colors = colorsFor(cli, cli.out);
      printTable(
        cli,
        [
          { title: "ID", of: ({ id }) => id, align: "right" },
          { title: "NAME", of: ({ name }) => name, shrinks: true },
          {
            title: "STATUS",
            of: ({ status }) => status,
            paint: (text, { status }) => paintStatus(colors, status, text),
          },
          { title: "ENVIRONMENT", of: ({ envId }) => names.get(envId) ?? envId },
          { title: "LOG", of: ({ log }) => log },
          { title: "START", of: ({ start, scheduledStart }) => formatTimeOrNone(start ?? scheduledStart) },
          { title: "LENGTH", of: lengthOf },
          {
            title: "LABELS",
            of: ({ labels }) =>
              Object.entries(labels)
                .map(([key, value]) => `${key}=${value}`)
                .join(",") || "-",
          },
        ],
        captures,
      );
    });
}

/** How long it was, or is to be; a dash while nobody knows. */
function lengthOf({ start, end, duration }: FullCapture): string {
  if (start !== null && end !== null) return formatBetween(start, end);
  return duration === null ? "-" : formatDuration(duration * 1000);
}

async function filterOf(service: Service, options: ListOptions): Promise<CaptureFilter> {
  const { env, status, label, search, name, owner, from, to, sort } = options;
  return {
    envId: env === undefined ? undefined : (await findEnvironment(service, env)).id,
    label: label && pairsOf(label),
    ...{ status, search, name, owner, from, to, sort },
  };
}

async function readCaptures(
  { client, signal }: Service,
  filter: CaptureFilter,
  limit: number,
): Promise<FullCapture[]> {
  const captures: FullCapture[] = [];
  let cursor: CaptureFilter["cursor"];
  do {
    const query = { ...filter, limit: Math.min(MAX_PAGE, limit - captures.length), cursor };
    const page = await client.captures.fullPage(query as CaptureFilter, { signal });
    captures.push(...page.captures);
    cursor = (page.next ?? undefined) as CaptureFilter["cursor"];
  } while (cursor !== undefined && captures.length < limit);
  return captures;
}
