/** Microseconds since the epoch of a time such as `2026-11-27T18:00:05.187063Z`. */
export function microsOf(time: string): number {
  return Date.parse(`${time.slice(0, 19)}Z`) * 1000 + Number(time.slice(20, 26));
}

/** Such a time of microseconds since the epoch. */
export function timeOfMicros(micros: number): string {
  const millis = new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1);
  return `${millis}${String(micros % 1000).padStart(3, "0")}Z`;
}
