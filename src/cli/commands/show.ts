import type { Command } from "commander";
import { CapturesError, type FullCapture, type Workload } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { type Fact, labelsOf, logOf, madeOf, textOrNull, timeOrNull } from "../facts.ts";
import { CAPTURE_WORDS, findCaptureId, ofCapture } from "../finding.ts";
import { colorsFor } from "../terminal/colors.ts";
import { formatBetween, formatBytes, formatCount, formatDuration, formatTime } from "../terminal/format.ts";
import { printFacts, printJson } from "../terminal/print.ts";
import { captureAddress, paintStatus } from "../terminal/status.ts";
import { clean } from "../terminal/text.ts";

/** `captures show`: one capture, and what it has recorded. */
export function addShow(program: Command, cli: Cli): void {
  program
    .command("show")
    .description("Show a capture, and what it has recorded.")
    .argument("<capture>", CAPTURE_WORDS)
    .addHelpText(
      "after",
      `
With --json it prints the capture as the API's view=full has it.

Examples:
  captures show 7
  captures show last --json | jq -r .status`,
    )
    .action(async (text: string) => {
      const service = serviceOf(cli);
      const id = await findCaptureId(service, text);
      const capture = await ofCapture(id, service.client.captures.getFull(id, { signal: cli.signal }));
      if (cli.global.json) return printJson(cli, capture);
      const workload = await workloadOf(service, capture);
      const { name } = await service.client.environments.get(capture.envId, { signal: cli.signal });
      const colors = colorsFor(cli, cli.out);
      printFacts(cli, [
        ["Capture", `${id} ${clean(capture.name)}`],
        ["Address", captureAddress(service.baseUrl, id)],
        ["Environment", clean(name)],
        ["Status", paintStatus(colors, capture.status)],
        ...factsOf(capture),
        ...(workload === null ? [] : workloadFacts(workload)),
      ]);
    });
}

/** What was recorded; null before there is anything, and of a deleted capture or an erased one. */
async function workloadOf({ client, signal }: Service, { id, start }: FullCapture): Promise<Workload | null> {
  if (start === null) return null;
  return client.captures.workload(id, { signal }).catch((error) => {
    if (error instanceof CapturesError && [404, 409, 410].includes(error.status ?? 0)) return null;
    throw error;
  });
}

function factsOf(capture: FullCapture): Fact[] {
  const { start, end, duration } = capture;
  const length = start === null || end === null ? null : formatBetween(start, end);
  return [
    ["Reason", textOrNull(capture.reason)],
    ["In the way", textOrNull(capture.obstacle)],
    ["Scheduled start", timeOrNull(capture.scheduledStart)],
    ["Start", timeOrNull(start)],
    ["End", end === null ? null : `${formatTime(end)}${length === null ? "" : ` (${length})`}`],
    ["Ends", end === null && capture.scheduledEnd !== null ? formatTime(capture.scheduledEnd) : null],
    ["To run", duration === null ? "until it is stopped" : formatDuration(duration * 1000)],
    ["Log", logOf(capture)],
    ["Removed", capture.redact],
    ["At most", capture.maxBytes === null ? null : formatBytes(capture.maxBytes)],
    ["Made", madeOf(capture)],
    ["Schedule", capture.schedule === null ? null : `${capture.schedule.id} ${clean(capture.schedule.name)}`],
    ["Compare with", capture.schedule?.base == null ? null : `capture ${capture.schedule.base}`],
    ["Labels", labelsOf(capture.labels)],
    ["Notes", textOrNull(capture.notes)],
    ["Erased", capture.erased === null ? null : `${formatTime(capture.erased.at)} (${capture.erased.why})`],
    ["Deleted", timeOrNull(capture.deletedAt)],
    ["Restorable until", timeOrNull(capture.restorableUntil)],
  ];
}

function workloadFacts(workload: Workload): Fact[] {
  const { statements, records, bytes, gapCount, live } = workload;
  return [
    ["Statements", formatCount(statements)],
    ["Records", `${formatCount(records)} (${formatBytes(bytes)} as NDJSON)`],
    ["Gaps", gapCount === 0 ? null : formatCount(gapCount)],
    ["Behind by", live?.behindBy == null ? null : formatDuration(live.behindBy * 1000)],
    ["Problem", textOrNull(live?.problem?.reason ?? null)],
  ];
}
