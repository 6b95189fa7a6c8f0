import { type Command, Option } from "commander";
import type { Capture, DownloadQuery } from "../../client/index.ts";
import { hasEnded } from "../../db/states.ts";
import { LOG_NAMES, type LogName } from "../../logs/names.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { chunksOf, type Take } from "../download/body.ts";
import { FORMATS, type Format, type FormatName, fileNameOf } from "../download/formats.ts";
import { takeAs } from "../download/making.ts";
import { EXIT, Failure } from "../failure.ts";
import { openTarget } from "../files/target.ts";
import { STANDARD_OUTPUT } from "../files/write-failure.ts";
import { CAPTURE_WORDS, findCaptureId, ofCapture } from "../finding.ts";
import { countOption, momentOption } from "../options.ts";
import { formatBytes } from "../terminal/format.ts";
import { printJson, say } from "../terminal/print.ts";
import { type Progress, showProgress } from "../terminal/progress.ts";

interface Options {
  format?: FormatName;
  log?: LogName;
  from?: Date;
  to?: Date;
  thread?: number;
  output?: string;
  force?: boolean;
}

/** `captures download`: all records of a capture, or those of a time, in a file. */
export function addDownload(program: Command, cli: Cli): void {
  program
    .command("download")
    .description("Download the records of a capture as a file, whole or those of a time.")
    .argument("<capture>", CAPTURE_WORDS)
    .addOption(
      new Option(
        "--format <format>",
        "what the file is; by default what its name says, else ndjson.gz",
      ).choices(Object.keys(FORMATS)),
    )
    .addOption(new Option("--log <log>", "of a capture of both logs; general by default").choices(LOG_NAMES))
    .option("--from <time>", "from this moment on", momentOption("last"))
    .option("--to <time>", "before this moment", momentOption("last"))
    .option("--thread <id>", "of this connection", countOption(Number.MAX_SAFE_INTEGER, 0))
    .option(
      "-o, --output <file>",
      "its name; - is standard output. By default capture-ID.FORMAT, of a slow log capture-ID-slow.FORMAT",
    )
    .option("-f, --force", "replace a file with the default name")
    .addHelpText("after", HELP)
    .action(async (text: string, options: Options) => {
      const service = serviceOf(cli);
      const { captures } = service.client;
      const name = formatOf(options);
      const { wire, made, isBinary } = FORMATS[name];
      if (isBinary && options.output === STANDARD_OUTPUT && cli.out.isTTY)
        throw new Failure(`${name} is nothing for a terminal`, EXIT.usage, "Give a file, or pipe it on.");
      if (cli.global.json && options.output === STANDARD_OUTPUT)
        throw new Failure("--json and -o - both are standard output", EXIT.usage, "Say one of them.");
      const id = await findCaptureId(service, text);
      const capture = await ofCapture(id, captures.get(id, { signal: cli.signal }));
      const { status, start } = capture;
      if (start === null && !hasEnded(status))
        throw new Failure(`Capture ${id} has not started: it is ${status}`);
      const { log, from, to, thread: threadId } = options;
      const query: DownloadQuery = { format: wire, log, from, to, threadId };
      const reply = await captures.download(id, query, { signal: cli.signal });
      const file = options.output ?? fileNameOf(id, reply.headers.get("content-disposition"), name);
      const isNew = options.output === undefined && !options.force;
      const target = await openTarget(cli, file, { isNew });
      const progress = showProgress(cli);
      const size = meter(progress, isSameLength(made) ? lengthOf(reply) : null);
      try {
        const take: Take = async (bytes) => {
          await target.write(bytes);
          size.add(bytes.length);
        };
        await takeAs(made, chunksOf(reply.body), take);
        await target.commit();
      } catch (error) {
        await target.discard();
        throw error;
      } finally {
        progress.clear();
      }
      if (cli.global.json) printJson(cli, { file, bytes: size.total(), format: name });
      else if (file !== STANDARD_OUTPUT) say(cli, `Wrote ${file}, ${formatBytes(size.total())}`);
      if (size.total() < LARGEST_EMPTY && (await isEmpty(service, capture, query)))
        say(cli, `note: ${emptyNote(capture, query)}`);
      const incomplete = reply.headers.get("x-workload-incomplete");
      if (incomplete !== null)
        throw new Failure(
          `Records are lost in the service's storage: ${incomplete}. All others were written`,
        );
    });
}

/** A download without records is smaller, in each format: what is larger is not asked about. */
const LARGEST_EMPTY = 4096;

/** Whether a capture has no record of what was asked for. */
async function isEmpty(
  { client, signal }: Service,
  { id, start }: Capture,
  { log, from, to, threadId }: DownloadQuery,
): Promise<boolean> {
  if (start === null) return true;
  const query = { log, from, to, threadId, limit: 1 };
  // The file was written: if this request fails, there is no note, and no failure.
  const page = await client.captures.recordsPage(id, query, { signal }).catch(() => null);
  return page !== null && page.records.length === 0 && page.missing.length === 0;
}

/** What there is to say of a file without records. */
function emptyNote({ id, status, start }: Capture, { from, to, threadId }: DownloadQuery): string {
  const isPart = from !== undefined || to !== undefined || threadId !== undefined;
  return start !== null && isPart
    ? "No record is of that: there is none in the file."
    : `Capture ${id} is ${status}, and has recorded nothing: there is no record in the file.`;
}

const HELP = `
Formats:
  ndjson.gz  a gzip file of JSON, one record in each line: as it is stored, and the fastest
  ndjson     the same, decompressed
  log        the text of the log, for tools such as pt-query-digest
  sql        statements that the mysql client runs, each after a comment with its time and session
  csv        a table for a spreadsheet; texts that it would run as a formula begin with an apostrophe
  parquet    a table for DuckDB and the like, made on this machine

A file is there when it is whole, and not before: what fails leaves none. ndjson.gz, ndjson and parquet are checked by the CRC-32.
With --json it prints {file, bytes, format}. A capture that has not started is refused.
It ends with 1 when records were lost in the service's storage; the file has those that are left.

Examples:
  captures download 7
  captures download 7 --format log -o - | pt-query-digest --type genlog
  captures download 7 --from 14:05 --to 14:10 -o five-minutes.ndjson`;

/** The format that is asked for, or that the file's name has. */
function formatOf({ format, output = "" }: Options): FormatName {
  const names = Object.keys(FORMATS) as FormatName[];
  return format ?? names.find((name) => output.toLowerCase().endsWith(`.${name}`)) ?? "ndjson.gz";
}

/** Whether what is written is as long as what is sent. */
const isSameLength = (made: Format["made"]): boolean => made === "checked" || made === "as it is";

/** How long a body will be; null where the reply does not say it. */
function lengthOf(reply: Response): number | null {
  const length = Number(reply.headers.get("content-length") ?? Number.NaN);
  return Number.isSafeInteger(length) && length > 0 ? length : null;
}

/** Counts bytes, and shows them. */
function meter(progress: Progress, length: number | null): { add(bytes: number): void; total(): number } {
  let total = 0;
  const began = performance.now();
  return {
    add(bytes) {
      total += bytes;
      const seconds = (performance.now() - began) / 1000;
      // What is there at once needs no progress.
      if (seconds < 1) return;
      const details = [formatBytes(total), `${formatBytes(total / seconds)}/s`];
      const fraction = length === null ? null : Math.min(1, total / length);
      progress.update({ label: "Downloading", fraction, details });
    },
    total: () => total,
  };
}
