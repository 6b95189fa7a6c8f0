import { type Command, Option } from "commander";
import type { WorkloadDigest } from "../../client/index.ts";
import { DIGEST_ORDERS, type DigestOrder } from "../../workload/timing/order.ts";
import { type Cli, serviceOf } from "../cli.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
import { countOption, labelOption, pairsOf } from "../options.ts";
import { formatAmount, formatCount, formatMicros, formatShare } from "../terminal/format.ts";
import { printJson, printTable, say } from "../terminal/print.ts";
import type { Column } from "../terminal/table.ts";

interface Options {
  limit: number;
  order?: DigestOrder;
  table?: string;
  user?: string;
  host?: string;
  db?: string;
  tag?: Record<string, string>;
  contains?: string;
}

/** `captures digest`: a capture's statements, normalised and counted. */
export function addDigest(program: Command, cli: Cli): void {
  program
    .command("digest")
    .description(
      "List a capture's statements, normalised and counted: those with most time first, or most calls.",
    )
    .argument("<capture>", CAPTURE_WORDS)
    .option("-n, --limit <number>", "how many", countOption(1000), 20)
    .addOption(new Option("--order <order>", "by what they are ordered").choices(DIGEST_ORDERS))
    .option("--table <name>", "those that read or write a table: orders, or shop.orders")
    .option("--user <name>", "those that this user ran")
    .option("--host <name>", "those that came from this host")
    .option("--db <name>", "those that ran in this database")
    .option("--tag <key=value>", "those with a tag of sqlcommenter; several are all to be there", labelOption)
    .option("--contains <text>", "those with this text, in any letter case")
    .addHelpText(
      "after",
      "\nExamples:\n  captures digest 7 --order p99\n  captures digest last --table orders --json",
    )
    .action(async (text: string, { tag, ...rest }: Options) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const query = {
        ...rest,
        ...(tag !== undefined && { tag: pairsOf(tag) }),
      };
      const statements = await service.client.captures.digest(id, query, { signal: cli.signal });
      if (cli.global.json) return printJson(cli, statements);
      if (statements.length === 0) return say(cli, "There is no such statement.");
      const isTimed = statements.some(({ totalMicros }) => totalMicros !== undefined);
      printTable(cli, isTimed ? [...COUNTED, ...TIMED, ...NAMED] : [...COUNTED, ...NAMED], statements);
      if (!isTimed && rest.order !== undefined && rest.order !== "calls")
        say(cli, `note: There is no ${rest.order} in a general log: they are ordered by calls.`);
      if (statements.some(({ mayMatch }) => mayMatch))
        say(cli, "Those with a ? may be what was asked for: the capture does not say it of them.");
    });
}

const COUNTED: readonly Column<WorkloadDigest>[] = [
  {
    title: "CALLS",
    of: ({ count, mayMatch }) => `${formatCount(count)}${mayMatch ? "?" : ""}`,
    align: "right",
  },
  { title: "SHARE", of: ({ share }) => formatShare(share), align: "right" },
];

const micros =
  (name: "totalMicros" | "meanMicros" | "p95Micros" | "p99Micros") => (statement: WorkloadDigest) =>
    orDash(statement[name], formatMicros);

const orDash = (value: number | undefined, format: (value: number) => string): string =>
  value === undefined ? "-" : format(value);

const TIMED: readonly Column<WorkloadDigest>[] = [
  { title: "TIME", of: micros("totalMicros"), align: "right" },
  { title: "OF ALL", of: ({ timeShare }) => orDash(timeShare, formatShare), align: "right" },
  { title: "MEAN", of: micros("meanMicros"), align: "right" },
  { title: "P95", of: micros("p95Micros"), align: "right" },
  { title: "P99", of: micros("p99Micros"), align: "right" },
  {
    title: "ROWS/CALL",
    of: ({ rowsExamined, calls }) =>
      rowsExamined === undefined || !calls ? "-" : formatAmount(rowsExamined / calls),
    align: "right",
  },
];

const NAMED: readonly Column<WorkloadDigest>[] = [
  { title: "FINGERPRINT", of: ({ fingerprint }) => fingerprint },
  { title: "STATEMENT", of: ({ digest }) => digest, shrinks: true },
];
