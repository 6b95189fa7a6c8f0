import * as z from "zod";
import { text, textOrNull } from "../../lib/reply-fields.ts";
import { CHECK_SEVERITIES, CHECK_STATUSES } from "./checks.ts";

/** One point of a preflight. */
export const checkSchema = z
  .object({
    id: z.string().meta({
      description:
        "What is checked: `credentials`, `external-id` (roles only), `instance`, `state`, `engine`, `cluster` (members of " +
        "clusters only), `parameter-group`, `pending-reboot`, `permission:` and an action of AWS, `logging`, `restore` or `metrics`.",
      examples: ["permission:rds:ModifyDBParameterGroup"],
    }),
    title: text("The same in a few words."),
    status: z.enum(CHECK_STATUSES).meta({
      description:
        "`unknown` when AWS could not say, or was not asked because another check failed that has to pass first.",
    }),
    severity: z.enum(CHECK_SEVERITIES).meta({
      description:
        "`error` for what keeps captures from working while it fails, `warning` for what makes them poorer or less safe.",
    }),
    detail: text("What was found."),
    action: textOrNull("What to do about it; null when there is nothing to do."),
  })
  .meta({ id: "Check", description: "Whether one thing that captures of an instance need is there." });

/** An instance that could be captured, or could not. */
export const listedInstanceSchema = z
  .object({
    instance: text("Its identifier."),
    engine: text("As AWS names it, such as `mysql` or `aurora-mysql`."),
    engineVersion: text("Its version."),
    status: text("Its status as AWS names it, such as `available`."),
    cluster: textOrNull("The cluster that it is a member of; null if it is of none."),
    role: z
      .nullable(z.enum(["writer", "reader"]))
      .meta({ description: "What it is in its cluster; null if it is of none, or AWS did not say." }),
    parameterGroup: text("Its DB parameter group."),
    capturable: z.boolean().meta({ description: "Whether it can be captured as it is." }),
    why: textOrNull("Why it can't be captured, and what would help; null if it can be."),
  })
  .meta({ id: "ListedInstance", description: "An RDS instance of an AWS account." });

/** An instance that could be captured, or could not. */
export type ListedInstance = z.output<typeof listedInstanceSchema>;

/** The instances of an account and region. */
export const instanceListSchema = z
  .object({
    accountId: textOrNull("The number of the AWS account; null where it has no instance that says it."),
    instances: z.array(listedInstanceSchema),
  })
  .meta({ id: "InstanceList", description: "The RDS instances of an AWS account in one region." });

/** The instances of an account and region. */
export type InstanceList = z.output<typeof instanceListSchema>;
