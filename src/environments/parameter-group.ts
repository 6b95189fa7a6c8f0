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

/** How the values of a group's parameters are stored. */
export const parameterSettingsSchema = lazy(() => z.record(z.string(), z.string().nullable()).readonly());

/** The values that a group has of its own for some parameters; null for one that has none, so that RDS's or the engine's holds. */
export type ParameterSettings = z.output<ReturnType<typeof parameterSettingsSchema>>;
