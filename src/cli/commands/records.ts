import { type Command, Option } from "commander";
import type { MissingRecords, RecordsQuery, WorkloadRecord, WorkloadRecords } from "../../client/index.ts";
import { LOG_NAMES, type LogName } from "../../logs/names.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { Failure } from "../failure.ts";
import { openTarget } from "../files/target.ts";
import { STANDARD_OUTPUT } from "../files/write-failure.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
import { countOption, durationWithUnitOption, labelOption, momentOption, pairsOf } from "../options.ts";
import { colorsFor } from "../terminal/colors.ts";
import { formatCount, formatExactTime } from "../terminal/format.ts";
import { say } from "../terminal/print.ts";
import { RECORD_TITLES, recordLine, tabbedRecord } from "../terminal/record-line.ts";

interface Options {
  limit: number;
  contains?: string;
  fingerprint?: string;
  table?: string;
  user?: string;
  host?: string;
  db?: string;
  thread?: number;
  command?: string;
  tag?: Record<string, string>;
  minDuration?: number;
  errors?: boolean;
  from?: Date;
  to?: Date;
  log?: LogName;
  order?: "oldest" | "newest";
  full?: boolean;
}

/** How many records a page of the API has at most. */
const MAX_PAGE = 1000;

/** `captures records`: finds records of a capture. */
export function addRecords(program: Command, cli: Cli): void {
  program
    .command("records")
    .description(
      "Find what ran: the records of a capture that are all of what is asked for, as they are found.",
    )
    .argument("<capture>", CAPTURE_WORDS)
    .option("--contains <text>", "statements with this text, in any letter case")
    .option("--table <name>", "statements that read or write a table: orders, or shop.orders")
    .option("--fingerprint <hex>", "the statement with this fingerprint of the digest")
    .option("--user <name>", "whose connection it is")
    .option("--host <name>", "from where it is")
    .option("--db <name>", "its default database")
    .option("--thread <id>", "the connection's number", countOption(Number.MAX_SAFE_INTEGER, 0))
    .option("--command <word>", "such as Query, Execute or Connect")
    .option("--tag <key=value>", "a tag of sqlcommenter; several are all to be there", labelOption)
    .option(
      "--min-duration <duration>",
      "of the slow log: took at least so long, such as 250ms",
      durationWithUnitOption,
    )
    .option("--errors", "of the slow log: ended with an error")
    .option("--from <time>", "from this moment on", momentOption("last"))
    .option("--to <time>", "before this moment", momentOption("last"))
    .addOption(new Option("--log <log>", "of a capture of both logs").choices(LOG_NAMES))
    .addOption(new Option("--order <order>", "which come first").choices(["oldest", "newest"]))
    .option("-n, --limit <number>", "how many at most, or all", limitOption, 100)
    .option("--full", "whole statements in a terminal, which otherwise has a line for each")
    .addHelpText("after", HELP)
    .action(async (text: string, options: Options) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const missing: MissingRecords[] = [];
      const { limit } = options;
      const target = await openTarget(cli, STANDARD_OUTPUT);
      const lineOf = writer(cli, options);
      let found = 0;
      for await (const record of recordsOf(service, id, queryOf(options), missing)) {
        if (found === limit) {
          say(cli, "There are more: --limit all prints them.");
          break;
        }
        if (found === 0 && isTabbed(cli)) await target.write(`${RECORD_TITLES.join("\t")}\n`);
        found++;
        await target.write(`${lineOf(record)}\n`);
      }
      if (found === 0) say(cli, "No record is all of that.");
      if (missing.length > 0) throw lost(missing);
    });
}

const HELP = `
With --json each line is a record, as in the API. A time without a zone is of this machine's zone.
It ends with 1 when records of that time were lost in the service's storage; those that are left are printed.

Examples:
  captures records 7 --table orders --min-duration 250ms
  captures records last --user app --from 14:05 --to 14:06 --json | jq -r .statement`;

/** Records as they are found. What is lost of a page is noted before its records come, so that who stops early knows it. */
async function* recordsOf(
  { client, signal }: Service,
  id: number,
  query: RecordsQuery,
  missing: MissingRecords[],
): AsyncGenerator<WorkloadRecord> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: WorkloadRecords = await client.captures.recordsPage(id, { ...query, cursor }, { signal });
    missing.push(...page.missing);
    yield* page.records;
    cursor = page.next;
  }
}

const isTabbed = (cli: Cli): boolean => !cli.global.json && !cli.out.isTTY;

/** `all` is infinity: commander takes null for no value. */
const limitOption = (text: string): number =>
  text === "all" ? Number.POSITIVE_INFINITY : countOption(Number.MAX_SAFE_INTEGER)(text);

/** How a record is written. */
function writer(cli: Cli, { full }: Options): (record: WorkloadRecord) => string {
  if (cli.global.json) return (record) => JSON.stringify(record);
  if (!cli.out.isTTY) return tabbedRecord;
  const colors = colorsFor(cli, cli.out);
  return (record) => recordLine(record, colors, full ? null : (cli.out.columns ?? 80));
}

/** What is asked of the API: as many at once as will be printed, and one more to know whether there are more. */
function queryOf({ limit, full: _, thread, tag, minDuration, ...rest }: Options): RecordsQuery {
  return {
    ...rest,
    limit: Math.min(limit + 1, MAX_PAGE),
    ...(thread !== undefined && { threadId: thread }),
    ...(tag !== undefined && { tag: pairsOf(tag) }),
    ...(minDuration !== undefined && { minDuration }),
  };
}

/** What is lost, as the end of a command that could not print all. */
function lost(missing: readonly MissingRecords[]): Failure {
  const fragments = missing.reduce((sum, one) => sum + one.fragments, 0);
  const places = missing.map(({ after, before }) =>
    [after && `after ${formatExactTime(after)}`, before && `before ${formatExactTime(before)}`]
      .filter(Boolean)
      .join(" and "),
  );
  return new Failure(
    `${formatCount(fragments)} fragments of the capture are lost in the service's storage: what they had is not found (${places.join("; ")})`,
  );
}
