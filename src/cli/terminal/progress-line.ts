/** What is shown of work that goes on. */
export interface ProgressState {
  /** What goes on, in a word or two. In a file or a pipe, another one makes a new line at once. */
  label: string;
  /** How much of it is done, from 0 to 1; null where nobody knows. */
  fraction: number | null;
  /** What else there is to say, such as `2m left`. ASCII, so that its width is its length. */
  details: readonly string[];
}

const BAR_WIDTH = 24;

/** The line of a terminal of so many columns: what goes on, a bar where its end is known, and the details that have room. */
export function progressLine({ label, fraction, details }: ProgressState, columns: number): string {
  // A line of full width would wrap in some terminals.
  const room = columns - 1;
  const bar =
    fraction === null ? "" : ` ${barOf(fraction)} ${String(Math.floor(fraction * 100)).padStart(3)}%`;
  let line = label + (label.length + bar.length <= room ? bar : "");
  for (const detail of details) {
    if (line.length + 2 + detail.length > room) break;
    line += `  ${detail}`;
  }
  return line.slice(0, room);
}

function barOf(fraction: number): string {
  const done = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_WIDTH);
  return `[${"#".repeat(done)}${"-".repeat(BAR_WIDTH - done)}]`;
}
