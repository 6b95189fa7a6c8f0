import { type Command, Option } from "commander";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { EXIT, Failure } from "../failure.ts";
import { writeWhole } from "../files/target.ts";
import { STANDARD_OUTPUT } from "../files/write-failure.ts";
import { CAPTURE_WORDS, findBaseIfAny, findCapture, noBase } from "../finding.ts";
import { say } from "../terminal/print.ts";

interface Options {
  format?: "html" | "markdown" | "json";
  compareWith?: string;
  output: string;
}

/** How many statements a report in JSON has, as those in HTML and Markdown do. */
const STATEMENTS = 20;

/** `captures report`: what a capture recorded, in one file. */
export function addReport(program: Command, cli: Cli): void {
  program
    .command("report")
    .description(
      "Write a report of a capture: its load, its statements, its gaps, and what has changed since another one.",
    )
    .argument("<capture>", CAPTURE_WORDS)
    .option("--compare-with <capture>", "what to compare it with, named in the same ways")
    .addOption(
      new Option(
        "--format <format>",
        "what to write; by default what the file's name says, else html",
      ).choices(["html", "markdown", "json"]),
    )
    .option("-o, --output <file>", "where to; - is standard output", STANDARD_OUTPUT)
    .addHelpText("after", HELP)
    .action(async (text: string, options: Options) => {
      const service = serviceOf(cli);
      const capture = await findCapture(service, text);
      const base = await baseOf(service, options.compareWith, capture);
      const format = formatOf(cli, options);
      const written =
        format === "json"
          ? await jsonOf(service, capture.id, base)
          : await service.client.captures.report(
              capture.id,
              { format: format === "html" ? "html" : "md", with: base ?? undefined },
              { signal: cli.signal },
            );
      await writeWhole(cli, options.output, written);
      if (options.output !== STANDARD_OUTPUT) say(cli, `Wrote ${options.output}`);
    });
}

const HELP = `
The report in JSON has what the API says: capture, workload, the twenty statements of the digest with most time, or most calls,
and with --compare-with the comparison.

Examples:
  captures report 7 -o report.html
  captures report last --compare-with label:branch=main --format markdown`;

async function baseOf(
  service: Service,
  text: string | undefined,
  capture: Parameters<typeof findBaseIfAny>[2],
): Promise<number | null> {
  if (text === undefined) return null;
  const base = await findBaseIfAny(service, text, capture);
  if (base === null) throw new Failure(noBase(text, capture));
  return base.id;
}

/** @throws Failure of usage when `--json` and `--format` say something else */
function formatOf(cli: Cli, { format, output }: Options): NonNullable<Options["format"]> {
  if (cli.global.json) {
    if (format !== undefined && format !== "json")
      throw new Failure(`--json and --format ${format} are two formats`, EXIT.usage);
    return "json";
  }
  if (format !== undefined) return format;
  if (/\.(md|markdown)$/i.test(output)) return "markdown";
  return /\.json$/i.test(output) ? "json" : "html";
}

async function jsonOf({ client, signal }: Service, id: number, base: number | null): Promise<string> {
  const { captures } = client;
  const [capture, workload, statements, comparison] = await Promise.all([
    captures.getFull(id, { signal }),
    captures.workload(id, { signal }),
    captures.digest(id, { limit: STATEMENTS }, { signal }),
    base === null ? undefined : captures.compare(id, base, {}, { signal }),
  ]);
  return `${JSON.stringify({ capture, workload, statements, comparison }, null, 2)}\n`;
}
