/* How long a capture runs, as it is typed. */

/** The units in which it is typed, in seconds. */
export const UNITS = { minutes: 60, hours: 3600, days: 86_400 } as const;

/** How long a capture is to run, as it is typed. */
export interface Length {
  /** Whether it ends by itself. */
  isTimed: boolean;
  amount: string;
  unit: keyof typeof UNITS;
}

/** A length in seconds as it is typed, in the largest unit that has a whole number of it; null for none. */
export function lengthOf(seconds: number | null): Length {
  if (seconds === null) return { isTimed: false, amount: "30", unit: "minutes" };
  const units = ["days", "hours", "minutes"] as const;
  const unit = units.find((one) => seconds % UNITS[one] === 0) ?? "minutes";
  return { isTimed: true, amount: String(seconds / UNITS[unit]), unit };
}

/** The seconds of a length; null for none. */
export const secondsOf = ({ isTimed, amount, unit }: Length): number | null =>
  isTimed ? Math.round(Number(amount) * UNITS[unit]) : null;
