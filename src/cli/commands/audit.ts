import type { Command } from "commander";
import type { AuditEvent, AuditFilter } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { findEnvironment, isId } from "../finding.ts";
import { countOption, momentOption } from "../options.ts";
import { formatTime } from "../terminal/format.ts";
import { print, printTable } from "../terminal/print.ts";

const MOST = 1_000_000;
/** The most that one page of the API has. */
const MAX_PAGE = 1000;

interface AuditOptions {
  actor?: string;
  action?: string;
  capture?: number;
  from?: Date;
  to?: Date;
  limit: number;
}

/** `captures audit`: what was done in an environment. */
export function addAudit(program: Command, cli: Cli): void {
  program
    .command("audit")
    .description("Show what was done in an environment, and who read which workload, newest first.")
    .argument("<environment>", "its name or id; of a deleted one, its id")
    .option("--actor <id>", "only what this user has done, or this part of the service, such as runner")
    .option(
      "--action <name>",
      "only this action, such as capture.deleted, or what it is done to, such as capture",
    )
    .option(
      "--capture <id>",
      "only what was done to this capture, or read of it",
      countOption(Number.MAX_SAFE_INTEGER),
    )
    .option("--from <time>", "only from then on", momentOption("last"))
    .option("--to <time>", "only before then", momentOption("last"))
    .option("-n, --limit <number>", "how many at most", countOption(MOST), 50)
    .addHelpText(
      "after",
      `
It is for the environment's admins. With --json it prints an event of the API in each line, the oldest first, for a file or another
program.

Examples:
  captures audit prod
  captures audit prod --action workload --from "yesterday 00:00"
  captures audit prod --json -n 1000000 --from 2026-11-01 --to 2026-12-01 > november.ndjson`,
    )
    .action(async (text: string, { limit, ...options }: AuditOptions) => {
      const service = serviceOf(cli);
      const envId = isId(text) ? Number(text) : (await findEnvironment(service, text)).id;
      const sort = cli.global.json ? "time" : "-time";
      const events = take(service, envId, { ...options, sort }, limit);
      if (cli.global.json) {
        for await (const event of events) print(cli, JSON.stringify(event));
        return;
      }
      printTable(
        cli,
        [
          { title: "TIME", of: ({ time }) => formatTime(time) },
          { title: "WHO", of: ({ actor }) => actor.name ?? actor.id },
          { title: "ACTION", of: ({ action }) => action },
          { title: "WHAT", of: ({ subject }) => subject?.name ?? subject?.id ?? "-" },
          { title: "DETAILS", of: ({ details }) => detailsText(details), shrinks: true },
          { title: "VIA", of: ({ via, credential }) => credential?.name ?? via },
          { title: "ADDRESS", of: ({ address }) => address ?? "-" },
        ],
        await Array.fromAsync(events),
      );
    });
}

/** So many events, read a page at a time. */
async function* take(
  { client, signal }: Service,
  envId: number,
  filter: AuditFilter,
  limit: number,
): AsyncGenerator<AuditEvent> {
  let left = limit;
  for await (const event of client.audit.list(
    envId,
    { ...filter, limit: Math.min(MAX_PAGE, limit) },
    { signal },
  )) {
    yield event;
    if (--left === 0) return;
  }
}

/** What else there is to say, on one line. */
const detailsText = (details: AuditEvent["details"]): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${[value].flat().join(",")}`)
    .join(" ") || "-";
