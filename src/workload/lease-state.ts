/*
 * What a parameter group's general log is to be, decided from who needs it. Pure verbs, each from one state to the next; the
 * Durable Object in lease.ts does what `nextCall` says and stores every state before the call that follows from it.
 */

/** The two parameters that decide whether an instance writes a general log that RDS lets one download. */
export interface LogSettings {
  /** `1` or `0`; absent for the engine's default, which is off. */
  general_log?: string;
  /** `FILE`, `TABLE`, both parted by a comma, or `NONE`; absent for the engine's default, `TABLE` on RDS. */
  log_output?: string;
}

/** What a capture needs. */
export const LOGGING_ON = { general_log: "1", log_output: "FILE" } as const satisfies LogSettings;
/** What the engines have where a group says nothing: a value must be written, as a parameter can't be unset alone. */
const DEFAULTS = { general_log: "0", log_output: "TABLE" } as const satisfies LogSettings;

/** Whether a general log is written to files. */
export function isOn(settings: LogSettings): boolean {
  const output = (settings.log_output ?? DEFAULTS.log_output).toUpperCase().split(",");
  return /^(1|on)$/i.test(settings.general_log ?? DEFAULTS.general_log) && output.includes("FILE");
}

/** Who needs the log of a parameter group, and what is known of the group. */
export interface LeaseState {
  /** The captures that need it. */
  holders: readonly number[];
  /** What the group had before the first of them; null while nothing of it is changed. */
  found: LogSettings | null;
  /** Whether the last call to AWS is known to have left logging on. Not known while a call is under way. */
  isOn: boolean;
}

/** Nobody needs the log, and it is as it was found. */
export const IDLE: LeaseState = { holders: [], found: null, isOn: false };

/** What to ask of AWS next; `rest` when all is as it should be. */
export type LeaseCall = { do: "read" } | { do: "modify"; settings: Required<LogSettings> } | { do: "rest" };

/** Another capture needs the log. Asking twice is asking once. */
export function hold(state: LeaseState, captureId: number): LeaseState {
  return state.holders.includes(captureId) ? state : { ...state, holders: [...state.holders, captureId] };
}

/** A capture needs the log no more. */
export function letGo(state: LeaseState, captureId: number): LeaseState {
  return { ...state, holders: state.holders.filter((id) => id !== captureId) };
}

/** Decides what has to be asked of AWS. */
export function nextCall(state: LeaseState): LeaseCall {
  if (state.holders.length > 0) {
    if (state.found === null) return { do: "read" };
    return state.isOn ? { do: "rest" } : { do: "modify", settings: LOGGING_ON };
  }
  // Logging that was on before the first capture stays on.
  if (state.found === null || isOn(state.found)) return { do: "rest" };
  return { do: "modify", settings: { ...DEFAULTS, ...state.found } };
}

/** A call that changes the group is about to be made: until it is answered, nobody knows what the group has. */
export function calling(state: LeaseState): LeaseState {
  return { ...state, isOn: false };
}

/** AWS said what the group has. Noted only before the first change, so that what a capture set is never taken for found. */
export function wasRead(state: LeaseState, settings: LogSettings): LeaseState {
  return state.found === null ? { ...state, found: settings, isOn: isOn(settings) } : state;
}

/** AWS accepted a change. */
export function wasModified(state: LeaseState, settings: LogSettings): LeaseState {
  if (isOn(settings)) return { ...state, isOn: true };
  return { ...state, found: null, isOn: false };
}

/** Nothing is left to do and nobody needs the log: what was found need not be remembered. */
export function settled(state: LeaseState): LeaseState {
  return state.holders.length === 0 && nextCall(state).do === "rest" ? IDLE : state;
}
