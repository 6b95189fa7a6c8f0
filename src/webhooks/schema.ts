import * as z from "zod";
import { lazy } from "../lib/lazy.ts";
import { nameSchema } from "../lib/names.ts";
import { limitUpTo, once } from "../lib/values.ts";
import { EVENT_TYPES } from "./events.ts";
import { KINDS } from "./kinds.ts";

/** The most webhooks that an environment may have. */
export const MAX_WEBHOOKS = 20;
/** The most deliveries in a reply. */
export const MAX_DELIVERIES = 100;

const eventsSchema = lazy(() =>
  z
    .array(z.enum(EVENT_TYPES, `must be some of ${EVENT_TYPES.join(", ")}`))
    .min(1, "must have at least one type")
    .transform((types) => EVENT_TYPES.filter((type) => types.includes(type))),
);
const textSchema = lazy(() => z.string().trim().min(1, "must not be empty"));

/** The body of POST /api/environments/{id}/webhooks. Whether the address can be one is judged by address.ts. */
export const createSchema = lazy(() =>
  z
    .strictObject({
      kind: z.enum(KINDS, `must be one of ${KINDS.join(", ")}`),
      name: nameSchema(),
      events: eventsSchema(),
      address: textSchema().optional(),
      recipient: textSchema().optional(),
    })
    .refine(({ kind, address }) => (kind === "email") === (address === undefined), {
      path: ["address"],
      message: "is required, but for an e-mail, which has a recipient instead",
    })
    .refine(({ kind, recipient }) => (kind === "email") === (recipient !== undefined), {
      path: ["recipient"],
      message: "is required for an e-mail, and for nothing else: the id of a member",
    }),
);

/** A webhook that is asked for. */
export type WebhookRequest = z.output<ReturnType<typeof createSchema>>;

/** The body of PUT /api/environments/{id}/webhooks/{webhookId}: what is absent stays. */
export const changeSchema = lazy(() =>
  z
    .strictObject({
      name: nameSchema().optional(),
      events: eventsSchema().optional(),
      address: textSchema().optional(),
      paused: z.boolean().optional(),
    })
    .refine((changes) => Object.values(changes).some((value) => value !== undefined), {
      path: ["name"],
      message: "is required, unless something else is to be changed",
    }),
);

/** What to change of a webhook. */
export type WebhookChanges = z.output<ReturnType<typeof changeSchema>>;

/** The query of GET /api/environments/{id}/webhooks/{webhookId}/deliveries. */
export const deliveriesSchema = lazy(() =>
  z.strictObject({ limit: once(limitUpTo(MAX_DELIVERIES)).default(20) }),
);
