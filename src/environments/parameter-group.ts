import * as z from "zod";
import { lazy } from "../lib/lazy.ts";

/** How a parameter group is stored. */
export const parameterGroupSchema = lazy(() =>
  z.object({
    region: z.string(),
    accountId: z.string(),
    parameterGroup: z.string(),
  }),
);

/** A DB parameter group: settings that several instances of an AWS account and region may share. */
export type ParameterGroup = z.output<ReturnType<typeof parameterGroupSchema>>;

/** The name of the lease on a group's log: of its Durable Object, and in `log_leases`. */
export function leaseName({ region, accountId, parameterGroup }: ParameterGroup): string {
  return `${region}/${accountId}/${parameterGroup}`;
}

/** The group that a lease of a name is on. */
export function groupOf(leaseName: string): ParameterGroup {
  const [region = "", accountId = "", ...parameterGroup] = leaseName.split("/");
  return { region, accountId, parameterGroup: parameterGroup.join("/") };
}

/** How the settings of a group are stored. */
export const logSettingsSchema = lazy(() =>
  z.object({
    /** `1` or `0`; absent where the group has no value of its own and the engine's holds: off. */
    general_log: z.string().exactOptional(),
    /** `FILE`, `TABLE`, both parted by a comma, or `NONE`; absent where RDS's own value holds: `TABLE`. */
    log_output: z.string().exactOptional(),
  }),
);

/** The values that a group has of its own for the two parameters that decide whether an instance writes a general log to files. */
export type LogSettings = z.output<ReturnType<typeof logSettingsSchema>>;
