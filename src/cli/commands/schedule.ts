import { type Command, Option } from "commander";
import type { NewSchedule, Schedule } from "../../client/index.ts";
import { type Cli, type Service, serviceOf } from "../cli.ts";
import { type Fact, labelsOf, logOf, madeOf, textOrNull, timeOrNull } from "../facts.ts";
import { EXIT, Failure } from "../failure.ts";
import { environmentNames, findEnvironment } from "../finding.ts";
import {
  addRecordingOptions,
  chooseEnvironment,
  type NewCaptureOptions,
  recordingOf,
  secondsOf,
} from "../new-capture.ts";
import { countOption, durationOption } from "../options.ts";
import { findSchedule, SCHEDULE_WORDS } from "../schedules.ts";
import { confirmDeletion } from "../terminal/ask.ts";
import { colorsFor } from "../terminal/colors.ts";
import { formatDuration, formatTime } from "../terminal/format.ts";
import { print, printFacts, printJson, printTable } from "../terminal/print.ts";
import { clean } from "../terminal/text.ts";

/** The most captures that the API keeps of a schedule, and the most occurrences that it shows. */
const MAX_KEEP = 1000;
const MAX_NEXT = 100;
/** The highest COUNT of a rule. */
const MAX_COUNT = 999_999;

/** `captures schedule`: captures that are made again and again. */
export function addSchedule(program: Command, cli: Cli): void {
  const schedule = program
    .command("schedule")
    .description("Schedules: captures that are made again and again.");
  addScheduleList(schedule, cli);
  addScheduleAdd(schedule, cli);
  addScheduleShow(schedule, cli);
  addScheduleNext(schedule, cli);
  addSchedulePause(schedule, cli);
  addScheduleResume(schedule, cli);
  addScheduleRemove(schedule, cli);
}

const ruleOf = ({ cron, rrule, timeZone }: Schedule): string => `${cron ?? rrule} (${timeZone})`;

const stateOf = ({ state, problem }: Schedule): string =>
  state === "active" && problem !== null ? "waiting" : state;

/** How a schedule is, in a line. */
function saidOf({ id, name, state, next: [first] }: Schedule): string {
  const when =
    state !== "active" ? state : first === undefined ? "nothing to come" : `next ${formatTime(first)}`;
  return `Schedule ${id} "${clean(name)}": ${when}`;
}

function addScheduleList(schedule: Command, cli: Cli): void {
  schedule
    .command("list")
    .description("List schedules, oldest first.")
    .option("-e, --env <name>", "only those of this environment (its name or id)")
    .addOption(new Option("--state <state>", "only those in this state").choices(STATES))
    .option("-s, --search <text>", "only those with this text in their names")
    .addHelpText(
      "after",
      `
STATE is active, paused, over after the last time of its rule, or waiting where a capture could not be made yet: such a one is among
the active ones. NEXT is when its next capture begins, in this machine's
time zone. With --json it prints an array of the API's schedules.

Examples:
  captures schedule list
  captures schedule list --env prod --json | jq -r '.[].next[0]'
  captures schedule list --state over --search nightly`,
    )
    .action(async ({ env, state, search }: ListOptions) => {
      const service = serviceOf(cli);
      const envId = env === undefined ? undefined : (await findEnvironment(service, env)).id;
      const schedules = await Array.fromAsync(
        service.client.schedules.list({ envId, state, search }, { signal: cli.signal }),
      );
      if (cli.global.json) return printJson(cli, schedules);
      const names = await environmentNames(service);
      const colors = colorsFor(cli, cli.out);
      printTable<Schedule>(
        cli,
        [
          { title: "ID", of: ({ id }) => id, align: "right" },
          { title: "NAME", of: ({ name }) => name, shrinks: true },
          {
            title: "STATE",
            of: stateOf,
            paint: (text) => (text === "active" ? colors.green(text) : colors.yellow(text)),
          },
          { title: "ENVIRONMENT", of: ({ envId }) => names.get(envId) ?? envId },
          { title: "RULE", of: ruleOf },
          { title: "FOR", of: ({ duration }) => formatDuration(duration * 1000) },
          { title: "NEXT", of: ({ next: [first] }) => (first === undefined ? "-" : formatTime(first)) },
        ],
        schedules,
      );
    });
}

/** The states of schedules, as the API has them. */
const STATES: Schedule["state"][] = ["active", "paused", "over"];

interface ListOptions {
  env?: string;
  state?: Schedule["state"];
  search?: string;
}

interface AddOptions extends NewCaptureOptions {
  name: string;
  for: number;
  cron?: string;
  rrule?: string;
  timeZone?: string;
  start?: string;
  until?: string;
  count?: number;
  captureName?: string;
  compare?: boolean;
  keep?: number;
}

function addScheduleAdd(schedule: Command, cli: Cli): void {
  const command = schedule
    .command("add")
    .description("Make a schedule.")
    .requiredOption("--name <name>", "its name, unique in the environment")
    .requiredOption("--for <duration>", "how long each capture is to run, such as 1h", durationOption)
    .option("-e, --env <name>", "the environment, by its name or id (or the variable CAPTURES_ENV)")
    .option("--cron <expression>", "when: minute, hour, day of the month, month, day of the week")
    .option("--rrule <rule>", "when, as iCalendar writes it (RFC 5545)")
    .option("-z, --time-zone <name>", "the time zone of that, such as Europe/Vienna; else this machine's")
    .option(
      "--start <time>",
      "the local date and time from which on it comes, and is counted, such as 2027-01-04T09:00",
    )
    .option("--until <date>", "of an --rrule, the last day, such as 2027-03-31")
    .option("--count <number>", "of an --rrule, how many times", countOption(MAX_COUNT))
    .option("--capture-name <text>", "what captures are called, with {schedule}, {date}, {time}, {number}")
    .option("--compare", "have each capture remember the last finished one, to be compared with it")
    .option(
      "--keep <number>",
      "keep the last so many captures, and delete older ones",
      countOption(MAX_KEEP),
    );
  addRecordingOptions(command)
    .addHelpText(
      "after",
      `
The next capture waits from then on, and can be seen in captures list. An --rrule that leaves out days or hours takes them from
--start. With --json it prints the schedule.

Examples:
  captures schedule add --env prod --name nightly --cron "30 2 * * *" --for 1h --log slow --compare --keep 30
  captures schedule add --env prod --name payday --rrule "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=9" --for 2h -z Europe/Vienna
  captures schedule add --env prod --name sprints --rrule "FREQ=WEEKLY;INTERVAL=2" --start 2027-01-04T09:00 --count 10 --for 1h`,
    )
    .action(async (options: AddOptions) => {
      const service = serviceOf(cli);
      const rule = ruleOptions(options);
      const environment = await chooseEnvironment(cli, service, options.env);
      const wanted: NewSchedule = {
        name: options.name,
        envId: environment.id,
        ...rule,
        duration: secondsOf(options.for),
        ...recordingOf(options),
        ...(options.captureName !== undefined && { captureName: options.captureName }),
        ...(options.compare !== undefined && { compare: options.compare }),
        ...(options.keep !== undefined && { keepLast: options.keep }),
      };
      const made = await service.client.schedules.create(wanted, { signal: cli.signal });
      if (cli.global.json) return printJson(cli, made);
      print(cli, saidOf(made));
      print(cli, scheduleAddress(service, made));
    });
}

/**
 * The rule that options give, with its end. A rule without a time zone is meant in the machine's, as all times of the command line are.
 * @throws Failure when there is none, or two, or one that can't have the end
 */
function ruleOptions({
  cron,
  rrule,
  timeZone,
  start,
  until,
  count,
}: AddOptions): Pick<NewSchedule, "cron" | "rrule" | "timeZone" | "start"> {
  if (cron === undefined && rrule === undefined)
    throw new Failure(
      "When? Give --cron or --rrule",
      EXIT.usage,
      "captures schedule add --help has examples.",
    );
  if (cron !== undefined && rrule !== undefined)
    throw new Failure("--cron and --rrule both say when: give one", EXIT.usage);
  if (cron !== undefined && (until !== undefined || count !== undefined))
    throw new Failure("--until and --count are of an --rrule: a cron expression has no end", EXIT.usage);
  if (until !== undefined && !/^\d{4}-\d\d-\d\d$/.test(until))
    throw new Failure("--until must be a date such as 2027-03-31", EXIT.usage);
  const ended = [
    rrule,
    ...(until === undefined ? [] : [`UNTIL=${until.replaceAll("-", "")}`]),
    ...(count === undefined ? [] : [`COUNT=${count}`]),
  ].join(";");
  return {
    ...(cron === undefined ? { rrule: ended } : { cron }),
    ...(start !== undefined && { start }),
    timeZone: timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

const scheduleAddress = ({ baseUrl }: Service, { id }: Schedule): string => `${baseUrl}/schedules/${id}`;

function addScheduleShow(schedule: Command, cli: Cli): void {
  schedule
    .command("show")
    .description("Show a schedule, and its next captures.")
    .argument("<schedule>", SCHEDULE_WORDS)
    .addHelpText(
      "after",
      `
Times are in this machine's time zone. With --json it prints the schedule as the API has it.

Example:
  captures schedule show nightly`,
    )
    .action(async (text: string) => {
      const service = serviceOf(cli);
      const found = await findSchedule(service, text);
      if (cli.global.json) return printJson(cli, found);
      const { name } = await service.client.environments.get(found.envId, { signal: cli.signal });
      printFacts(cli, factsOf(service, found, name));
    });
}

function factsOf(service: Service, schedule: Schedule, environment: string): Fact[] {
  return [
    ["Schedule", `${schedule.id} ${clean(schedule.name)}`],
    ["Address", scheduleAddress(service, schedule)],
    ["Environment", clean(environment)],
    ["State", stateOf(schedule)],
    ["Problem", textOrNull(schedule.problem)],
    ["Paused", timeOrNull(schedule.pausedAt)],
    ["Rule", ruleOf(schedule)],
    ["Start", schedule.start],
    ["Next", schedule.next.length === 0 ? null : schedule.next.map(formatTime).join(", ")],
    ["To run", formatDuration(schedule.duration * 1000)],
    ["Log", logOf(schedule)],
    ["Removed", schedule.redact],
    ["Capture names", clean(schedule.captureName)],
    ["Compares", schedule.compare ? "with the last finished one" : null],
    ["Keeps", schedule.keepLast === null ? "all captures" : `the last ${schedule.keepLast}`],
    ["Captures", String(schedule.captures)],
    ["Labels", labelsOf(schedule.labels)],
    ["Notes", textOrNull(schedule.notes)],
    ["Made", madeOf(schedule)],
  ];
}

function addScheduleNext(schedule: Command, cli: Cli): void {
  schedule
    .command("next")
    .description("Show when a schedule's next captures begin.")
    .argument("<schedule>", SCHEDULE_WORDS)
    .option("-n, --limit <number>", "how many", countOption(MAX_NEXT), 5)
    .addHelpText(
      "after",
      `
One on a line, in this machine's time zone; none while it is paused or over. With --json it prints an array of times in UTC.

Example:
  captures schedule next nightly -n 10`,
    )
    .action(async (text: string, { limit }: { limit: number }) => {
      const service = serviceOf(cli);
      const { id } = await findSchedule(service, text);
      const { occurrences } = await service.client.schedules.occurrences(
        id,
        { limit },
        { signal: cli.signal },
      );
      if (cli.global.json) return printJson(cli, occurrences);
      for (const time of occurrences) print(cli, formatTime(time));
    });
}

function addSchedulePause(schedule: Command, cli: Cli): void {
  schedule
    .command("pause")
    .description("Pause a schedule: it makes no captures, and the one that waits is deleted.")
    .argument("<schedule>", SCHEDULE_WORDS)
    .addHelpText(
      "after",
      `
A capture that runs goes on. With --json it prints the schedule.

Example:
  captures schedule pause nightly`,
    )
    .action((text: string) =>
      change(cli, text, ({ client, signal }, { id }) => client.schedules.pause(id, { signal })),
    );
}

function addScheduleResume(schedule: Command, cli: Cli): void {
  schedule
    .command("resume")
    .description("Resume a schedule, from its next time on.")
    .argument("<schedule>", SCHEDULE_WORDS)
    .addHelpText(
      "after",
      `
Times of the pause count, where its rule has a number of them. One that is over can't be resumed. With --json it prints the schedule.

Example:
  captures schedule resume nightly`,
    )
    .action((text: string) =>
      change(cli, text, ({ client, signal }, { id }) => client.schedules.resume(id, { signal })),
    );
}

async function change(
  cli: Cli,
  text: string,
  make: (service: Service, schedule: Schedule) => Promise<Schedule>,
): Promise<void> {
  const service = serviceOf(cli);
  const changed = await make(service, await findSchedule(service, text));
  if (cli.global.json) printJson(cli, changed);
  else print(cli, saidOf(changed));
}

function addScheduleRemove(schedule: Command, cli: Cli): void {
  schedule
    .command("remove")
    .description("Delete a schedule; the captures that were made of it stay.")
    .argument("<schedule>", SCHEDULE_WORDS)
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      `
The capture that waits for its start is deleted with it. It asks first; where nobody can be asked, it needs --yes. With --json it prints the schedule as it was.

Example:
  captures schedule remove nightly --yes`,
    )
    .action(async (text: string, { yes }: { yes?: true }) => {
      const service = serviceOf(cli);
      const found = await findSchedule(service, text);
      if (!yes) await confirmDeletion(cli, `schedule ${found.id}`, `"${clean(found.name)}"`);
      const removed = await service.client.schedules.delete(found.id, { signal: cli.signal });
      if (cli.global.json) printJson(cli, removed);
      else print(cli, `Deleted schedule ${removed.id} "${clean(removed.name)}"`);
    });
}
