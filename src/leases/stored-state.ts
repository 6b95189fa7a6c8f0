import * as z from "zod";
import { type ParameterSettings, parameterSettingsSchema } from "../environments/parameter-group.ts";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";
import { CAPTURED_LOGS } from "../logs/names.ts";
import { idsOf, type LeaseState } from "./lease-state.ts";

/*
 * How a lease's state is stored. Version 1 knew the general log alone.
 */

const timeOrNull = () => z.number().nullable();

const holderSchema = lazy(() =>
  z.object({
    captureId: z.number(),
    // An older version drops it; the lease looks it up.
    envId: z.number().exactOptional(),
    log: z.enum(CAPTURED_LOGS),
    minDurationMicros: z.number(),
    hasOwnDefaults: z.literal(true).exactOptional(),
    // An older version drops it, and hands over to each that needs the same.
    canChange: z.literal(true).exactOptional(),
    // An older version that drops it has a holder that has ended: cron releases it.
    leavesAt: z.number().exactOptional(),
  }),
);

const stateSchema = lazy(() =>
  z.object({
    holders: z.array(holderSchema()).readonly(),
    answerable: z.array(z.number()).readonly(),
    // Older versions did not store who of them was released, and for what, and drop it.
    released: z
      .array(
        z.object({
          captureId: z.number(),
          envId: z.number().exactOptional(),
          names: z.array(z.string()).readonly(),
        }),
      )
      .readonly()
      .default([]),
    found: parameterSettingsSchema(),
    has: parameterSettingsSchema(),
    offered: z.record(z.string(), z.string()).nullable(),
    sent: z.record(z.string(), z.array(z.string()).readonly()).readonly(),
    callUntil: timeOrNull(),
    lostUntil: timeOrNull(),
    since: z.object({
      general: timeOrNull(),
      slow: timeOrNull(),
      threshold: timeOrNull(),
      slowSeenOff: timeOrNull(),
    }),
    restoredAt: timeOrNull(),
    failedResets: z.number(),
    writesDefaults: z.boolean(),
  }),
);

/** The two parameters of version 1; absent where the group had no value of its own. */
const generalSettingsSchema = lazy(() =>
  z.object({ general_log: z.string().exactOptional(), log_output: z.string().exactOptional() }),
);

const stateSchema1 = lazy(() =>
  z.object({
    holders: z.array(z.number()).readonly(),
    answerable: z.array(z.number()).readonly().default([]),
    found: generalSettingsSchema().nullable(),
    has: z.enum(["logging", "found", "unknown"]),
    callUntil: timeOrNull(),
    lostUntil: timeOrNull(),
    loggingSince: timeOrNull(),
    restoredAt: timeOrNull(),
    failedResets: z.number().default(0),
    writesDefaults: z.boolean().default(false),
  }),
);

function fromVersion1(state: z.output<ReturnType<typeof stateSchema1>>): LeaseState {
  const { holders, found, has, loggingSince, ...rest } = state;
  const settings: ParameterSettings =
    found === null ? {} : { general_log: found.general_log ?? null, log_output: found.log_output ?? null };
  // What version 1 has set in a group is not set anew.
  const on: ParameterSettings = found === null ? {} : { general_log: "1", log_output: "FILE" };
  return {
    ...rest,
    holders: holders.map((captureId) => ({ captureId, log: "general", minDurationMicros: 0 })),
    released: [],
    found: settings,
    has: has === "found" ? settings : has === "logging" ? on : {},
    offered: null,
    sent: {},
    since: { general: loggingSince, slow: null, threshold: null, slowSeenOff: null },
  };
}

/** A state in which everybody who is answerable and does not hold the lease is known as released. */
function withReleased(state: LeaseState): LeaseState {
  const known = new Set(idsOf([...state.holders, ...state.released]));
  const others = state.answerable.filter((captureId) => !known.has(captureId));
  const names = Object.keys(state.found);
  const released = others.map((captureId) => ({ captureId, names }));
  return { ...state, released: [...released, ...state.released] };
}

/** How a lease's state is stored. What `has` is tells the versions apart: a word in the first, values of parameters since. */
export const leaseFormat = storedFormat("lease's state", 2, () =>
  z.union([stateSchema(), stateSchema1().transform(fromVersion1)]).transform(withReleased),
);
