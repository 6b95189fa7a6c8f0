import * as z from "zod";
import { withoutPrincipalsOrNull } from "../aws/principals.ts";
import { lazy } from "../lib/lazy.ts";
import { isoTime } from "../lib/values.ts";
import { groupOf, type ParameterSettings, parameterSettingsSchema } from "./parameter-group.ts";
import type { Owed } from "./replies.ts";

/*
 * What captures of an environment have changed in parameter groups and is not restored yet: the API calls it `owed`. The leases
 * write it down and retry it; an environment only shows it.
 */

/** What a group is to have again, as `log_leases.owed_settings` has it. */
const owedSettingsSchema = lazy(() =>
  z.object({
    /** Of the general log, absent where the group had no value of its own. Rows from before there were others have these only. */
    general_log: z.string().exactOptional(),
    log_output: z.string().exactOptional(),
    /** All that is to be restored, where it is not just the two parameters of the general log. */
    parameters: parameterSettingsSchema().exactOptional(),
  }),
);

type OwedSettings = z.output<ReturnType<typeof owedSettingsSchema>>;

/** What a group is to have again, to be stored. */
export function toOwedSettings(settings: ParameterSettings): OwedSettings {
  const { general_log = null, log_output = null } = settings;
  const isGeneral = Object.keys(settings).sort().join() === "general_log,log_output";
  return {
    ...(general_log === null ? {} : { general_log }),
    ...(log_output === null ? {} : { log_output }),
    ...(isGeneral ? {} : { parameters: settings }),
  };
}

const pendingChangeSchema = lazy(() =>
  z.object({
    leaseName: z.string(),
    since: z.number(),
    /** Why it is not restored; null when that has not been tried yet. */
    reason: z.string().nullable(),
    /** What the group is to have again; null while that is not known. */
    settings: owedSettingsSchema().nullable(),
  }),
);

/** A parameter group that is to be restored, times in milliseconds. */
export type PendingChange = z.output<ReturnType<typeof pendingChangeSchema>>;

const pendingChangesSchema = lazy(() => z.array(pendingChangeSchema()));

/** The pending changes of environment `e` in JSON, one for each capture that made one: what `readPendingChanges` reads. */
export const PENDING_CHANGES = `(select json_group_array(json_object('leaseName', l.lease_name, 'since', l.owed_since,
      'reason', l.owed_reason, 'settings', json(l.owed_settings)))
    from log_leases l cross join captures c on c.id = l.capture_id
    where l.owed_since is not null and l.abandoned_at is null and c.env_id = e.id)`;

/**
 * The pending changes that an environment's row has, oldest first, each group once: several captures may share one. Reasons from
 * before names of users and roles were left out are shown without them.
 */
export function readPendingChanges({ owed }: { owed: string }): PendingChange[] {
  const changes = pendingChangesSchema()
    .parse(JSON.parse(owed))
    .map((change) => ({ ...change, reason: withoutPrincipalsOrNull(change.reason) }))
    .sort((a, b) => a.since - b.since);
  return [...new Map(changes.toReversed().map((change) => [change.leaseName, change])).values()].reverse();
}

/** What a pending change's group is to have again, by all parameters; null while that is not known. */
export function settingsOf({ settings }: PendingChange): ParameterSettings | null {
  return settings && toSettings(settings).parameters;
}

/** A pending change as the API shows it. */
export function toOwed({ leaseName, since, reason, settings }: PendingChange): Owed {
  const { region, parameterGroup } = groupOf(leaseName);
  return {
    region,
    parameterGroup,
    settings: settings && toSettings(settings),
    since: isoTime(since),
    reason,
  };
}

function toSettings({ general_log, log_output, parameters }: OwedSettings): NonNullable<Owed["settings"]> {
  const [generalLog, logOutput] = [general_log ?? null, log_output ?? null];
  return {
    generalLog,
    logOutput,
    parameters: parameters ?? { general_log: generalLog, log_output: logOutput },
  };
}
