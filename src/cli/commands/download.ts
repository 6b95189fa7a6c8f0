import { type Command, Option } from "commander";
import type { DownloadQuery } from "../../client/index.ts";
import { type Cli, serviceOf } from "../cli.ts";
import { chunksOf, gunzip, type Take, takeChecked } from "../download/body.ts";
import { FORMATS, type FormatName, fileNameOf } from "../download/formats.ts";
import { EXIT, Failure } from "../failure.ts";
import { openTarget, STANDARD_OUTPUT } from "../files/target.ts";
import { CAPTURE_WORDS, findCaptureId } from "../finding.ts";
import { momentOption } from "../options.ts";
import { formatBytes } from "../terminal/format.ts";
import { say } from "../terminal/print.ts";
import { type Progress, showProgress } from "../terminal/progress.ts";

interface Options {
  format?: FormatName;
  log?: "general" | "slow";
  from?: Date;
  to?: Date;
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
    .addOption(
      new Option("--log <log>", "of a capture of both logs; general by default").choices(["general", "slow"]),
    )
    .option("--from <time>", "from this moment on", momentOption("last"))
    .option("--to <time>", "before this moment", momentOption("last"))
    .option("-o, --output <file>", "its name; - is standard output. By default capture-ID.FORMAT")
    .option("-f, --force", "replace a file with the default name")
    .addHelpText("after", HELP)
    .action(async (text: string, options: Options) => {
      const { client, ...service } = serviceOf(cli);
      const name = formatOf(options);
      const { wire, made, isBinary } = FORMATS[name];
      if (isBinary && options.output === STANDARD_OUTPUT && cli.out.isTTY)
        throw new Failure(`${name} is nothing for a terminal`, EXIT.usage, "Give a file, or pipe it on.");
      const id = await findCaptureId({ client, ...service }, text);
      const { log, from, to } = options;
      const query: DownloadQuery = { format: wire, log, from, to };
      const reply = await client.captures.download(id, query, { signal: cli.signal });
      const file = options.output ?? fileNameOf(id, reply.headers.get("content-disposition"), name);
      const isNew = options.output === undefined && !options.force;
      const target = await openTarget(cli, file, { isNew });
      const progress = showProgress(cli);
      const size = meter(progress, made === "checked" ? lengthOf(reply) : null);
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
      if (file !== STANDARD_OUTPUT) say(cli, `Wrote ${file}, ${formatBytes(size.total())}`);
      const incomplete = reply.headers.get("x-workload-incomplete");
      if (incomplete !== null)
        throw new Failure(
          `Records are lost in the service's storage: ${incomplete}. All others were written`,
        );
    });
}

const HELP = `
Formats:
  ndjson.gz  a gzip file of JSON, one record in each line: as it is stored, and the fastest
  ndjson     the same, decompressed
  log        the text of the log, for tools such as pt-query-digest

A file is there when it is whole, and not before: what fails leaves none. ndjson.gz and ndjson are checked by their CRC-32.
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

/** How long a body will be; null where the reply does not say it. */
function lengthOf(reply: Response): number | null {
  const length = Number(reply.headers.get("content-length") ?? Number.NaN);
  return Number.isSafeInteger(length) && length > 0 ? length : null;
}

async function takeAs(
  made: (typeof FORMATS)[FormatName]["made"],
  chunks: AsyncIterable<Uint8Array>,
  take: Take,
): Promise<void> {
  if (made === "checked") return takeChecked(chunks, take);
  if (made === "plain")
    return gunzip(chunks, async (plain) => {
      for await (const bytes of plain) await take(bytes);
    });
  for await (const bytes of chunks) await take(bytes);
}

/** Counts bytes, and shows them. */
function meter(progress: Progress, length: number | null): { add(bytes: number): void; total(): number } {
  let total = 0;
  const began = performance.now();
  return {
    add(bytes) {
      total += bytes;
      const seconds = (performance.now() - began) / 1000;
      const rate = seconds < 1 ? [] : [`${formatBytes(total / seconds)}/s`];
      const fraction = length === null ? null : Math.min(1, total / length);
      progress.update({ label: "Downloading", fraction, details: [formatBytes(total), ...rate] });
    },
    total: () => total,
  };
}
