import { isoTime } from "../../lib/values.ts";
import { engineOf } from "../engines.ts";
import { groupOf, type ParameterSettings } from "../parameter-group.ts";
import { type PendingChange, settingsOf } from "../pending-changes.ts";
import type { Answers, Subject } from "./answers.ts";
import type { Check } from "./checks.ts";
import { inWords, NO_INSTANCE, notAsked, passed, toCheck } from "./words.ts";

/*
 * The checks of what the parameter group says of the logs, and of what captures have changed in it.
 */

/** The parameters of the logs that a preflight looks at. */
export const LOG_PARAMETERS = ["general_log", "slow_query_log", "long_query_time", "log_output"] as const;

/** A log that somebody has switched on, and where it goes. */
interface LogInUse {
  log: "general" | "slow";
  to: "files" | "table" | "nowhere";
}

/** What is logged now, by the group: whether a capture would disturb somebody. */
export function checkLogging({ instance, parameters, changes }: Answers, subject: Subject): Check {
  const id = "logging";
  if (instance?.ok !== true) return notAsked(id, "warning", NO_INSTANCE);
  const { engine, parameterGroup } = instance.value;
  if (parameters === null) return notAsked(id, "warning", "AWS was not asked what the parameter group says.");
  if (!parameters.ok) return notAsked(id, "warning", inWords(parameters.failure, subject).detail);
  const own = Object.fromEntries(
    [...parameters.value].filter(([, { isOwn }]) => isOwn).map(([name, { value }]) => [name, value]),
  );
  // What captures have switched on is nobody's.
  const before = changes === null || changes === "unknown" ? {} : changes.before;
  const inUse = logsInUse({ ...own, ...before }, engine);
  if (inUse.length === 0) {
    const detail = `No log is switched on in ${parameterGroup}. A capture switches on what it records, and off again.`;
    return passed(id, "warning", detail);
  }
  const isAre = (logs: LogInUse[]) =>
    `The ${logs.map(({ log }) => log).join(" and ")} ${logs.length > 1 ? "logs are" : "log is"}`;
  const said = (["files", "table", "nowhere"] as const).flatMap((to) => {
    const logs = inUse.filter((one) => one.to === to);
    return logs.length === 0 ? [] : [`${isAre(logs)} switched on in ${parameterGroup}, and ${WRITTEN[to]}.`];
  });
  if (inUse.every(({ to }) => to === "files")) {
    return passed(id, "warning", `${said.join(" ")} A capture leaves on what is on.`);
  }
  return toCheck(
    id,
    "failed",
    "warning",
    `${said.join(" ")} While a capture runs, logs are written to files.`,
    "If somebody reads that table, capture when they can do without: it lacks what runs meanwhile.",
  );
}

const WRITTEN = {
  files: "written to files",
  table: "written to a table of the schema mysql",
  nowhere: "written nowhere (log_output is NONE)",
} as const;

/** Which logs are on by the values that a group has of its own. */
function logsInUse(own: ParameterSettings, engine: string): LogInUse[] {
  const known = engineOf(engine);
  const defaults: Readonly<Record<string, string>> = {
    ...known?.slowLog.defaults,
    ...known?.generalLog.defaults,
  };
  const effective = (name: string) => (own[name] ?? defaults[name] ?? "").toUpperCase();
  const outputs = effective("log_output").split(",");
  const to = outputs.includes("FILE") ? "files" : outputs.includes("TABLE") ? "table" : "nowhere";
  const isOn = (name: string) => /^(1|ON)$/.test(effective(name));
  return [
    ...(isOn("general_log") ? [{ log: "general", to } as const] : []),
    ...(isOn("slow_query_log") ? [{ log: "slow", to } as const] : []),
  ];
}

/** Whether what captures have changed in the group can be given back. */
export function checkRestore({ instance, changes }: Answers, { pending }: Subject): Check {
  const id = "restore";
  if (pending.length > 0) {
    return toCheck(
      id,
      "failed",
      "warning",
      pending.map(describePending).join(" "),
      "It is retried by itself, and by each check. If it can't succeed, restore the group by hand, and abandon what is owed.",
    );
  }
  if (instance?.ok !== true) return notAsked(id, "warning", NO_INSTANCE);
  const { parameterGroup } = instance.value;
  if (changes === null || changes === "unknown") {
    return notAsked(
      id,
      "warning",
      `What captures have changed in ${parameterGroup} could not be looked up just now.`,
    );
  }
  const { captures, before } = changes;
  if (Object.keys(before).length === 0) {
    return passed(id, "warning", `No capture has changed anything in ${parameterGroup}.`);
  }
  const who =
    captures === 0 ? "Captures that have ended" : captures === 1 ? "A capture" : `${captures} captures`;
  return passed(
    id,
    "warning",
    `${who} needed logs of ${parameterGroup}. The values from before are kept, and restored after the last one: ${inValues(before)}.`,
  );
}

function describePending(change: PendingChange): string {
  const { parameterGroup, region } = groupOf(change.leaseName);
  const settings = settingsOf(change);
  const why = change.reason === null ? "" : ` ${change.reason.replace(/\.$/, "")}.`;
  const kept =
    settings === null
      ? "Which values it had before is not known yet."
      : `The values from before are kept: ${inValues(settings)}.`;
  return `The parameter group ${parameterGroup} in ${region} is not restored since ${isoTime(change.since)}.${why} ${kept}`;
}

function inValues(settings: ParameterSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => (value === null ? `${name} had none` : `${name} was ${value}`))
    .join(", ");
}
