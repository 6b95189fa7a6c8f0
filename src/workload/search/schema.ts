import * as z from "zod";
import { lazy } from "../../lib/lazy.ts";
import { limitSchema, once, timeSchema } from "../../lib/values.ts";
import { COMMANDS } from "../../logs/general/commands.ts";
import { LOG_NAMES } from "../../logs/names.ts";
import type { SlowCommand } from "../../logs/slow/record.ts";
import { RECORD_ORDERS, type RecordFilter, type Tag } from "./record-filter.ts";

/** The longest text that records are looked through for, in characters. */
const MAX_TEXT = 1000;
/** The longest name of a user, a host or a database: none of a server's is longer. */
const MAX_NAME = 255;

const nameOf = lazy(() => z.string().max(MAX_NAME, `must have at most ${MAX_NAME} characters`));

const THREAD = "must be the number of a thread, such as 17";

/** The id of a connection, which a server counts from 0 or 1 on. */
export const threadIdSchema = lazy(() =>
  z
    .string()
    .regex(/^\d{1,16}$/, THREAD)
    .transform(Number)
    .pipe(z.int(THREAD).nonnegative()),
);

const DURATION = "must be milliseconds with at most three decimals, such as 250";

const durationSchema = lazy(() =>
  z
    .string()
    .regex(/^\d{1,10}(?:\.\d{1,3})?$/, DURATION)
    .transform(Number)
    .pipe(z.number().nonnegative()),
);

const TAG = "must be a key and a value such as action:checkout";

const tagSchema = lazy(() =>
  z
    .string()
    .regex(/^[^:]{1,128}:/, TAG)
    .max(1200, TAG),
);

const TIMED_COMMANDS = ["Query", "Administrator command"] satisfies SlowCommand[];

/** The commands of both logs as they are written there, by what they are in small letters. */
const commands = lazy(
  () => new Map([...COMMANDS, ...TIMED_COMMANDS].map((command) => [command.toLowerCase(), command] as const)),
);

const commandSchema = lazy(() =>
  z
    .string()
    .transform((text, ctx) => {
      const command = commands().get(text.trim().toLowerCase());
      if (command !== undefined) return command as string;
      ctx.addIssue({
        code: "custom",
        message: "must be a command as the log has it, such as Query, Execute, Connect or Quit",
      });
      return z.NEVER;
    })
    .pipe(z.string()),
);

/** Which of a capture's logs, of which time, and which page. */
const pageFields = lazy(() => ({
  log: once(z.enum(LOG_NAMES, `must be one of ${LOG_NAMES.join(", ")}`)),
  from: once(timeSchema()),
  to: once(timeSchema()),
  limit: once(limitSchema()).default(100),
  cursor: once(z.string()),
}));

const isForward = ({ from, to }: { from?: number | undefined; to?: number | undefined }): boolean =>
  from === undefined || to === undefined || from <= to;
const NOT_FORWARD = { path: ["from"], message: "must not be after to" };

/** The query of GET /api/captures/{id}/workload/records: `from` is included, `to` is not. */
export const recordsQuerySchema = lazy(() =>
  z
    .strictObject({
      ...pageFields(),
      order: once(z.enum(RECORD_ORDERS, `must be one of ${RECORD_ORDERS.join(", ")}`)).default("oldest"),
      fingerprint: once(z.string().regex(/^[0-9a-f]{16}$/, "must be 16 hexadecimal digits")),
      user: once(nameOf()),
      host: once(nameOf()),
      db: once(nameOf()),
      table: once(nameOf()),
      tag: z.array(tagSchema()).optional(),
      command: once(commandSchema()),
      threadId: once(threadIdSchema()),
      contains: once(
        z
          .string()
          .refine(
            ({ length }) => length >= 1 && length <= MAX_TEXT,
            `must have from 1 to ${MAX_TEXT} characters`,
          ),
      ),
      minDuration: once(durationSchema()),
      errors: once(
        z
          .enum(["true", "false"], "must be true or false")
          .transform((text) => text === "true")
          .pipe(z.boolean()),
      ),
    })
    .refine(isForward, NOT_FORWARD),
);

/** Which records somebody looks for, of a query. */
export function filterOf({
  from,
  to,
  minDuration,
  errors,
  ...query
}: z.output<ReturnType<typeof recordsQuerySchema>>): RecordFilter {
  const { fingerprint, user, host, db, table, tag, command, threadId, contains } = query;
  return {
    from,
    to,
    fingerprint,
    user,
    host,
    db,
    table,
    tags: tag?.map((text): Tag => {
      const colon = text.indexOf(":");
      return [text.slice(0, colon), text.slice(colon + 1)];
    }),
    command,
    threadId,
    contains,
    minDurationMicros: minDuration === undefined ? undefined : Math.round(minDuration * 1000),
    errors: errors ? true : undefined,
  };
}

/** The query of GET /api/captures/{id}/workload/sessions/{threadId}: `from` is included, `to` is not. */
export const sessionQuerySchema = lazy(() => z.strictObject(pageFields()).refine(isForward, NOT_FORWARD));
