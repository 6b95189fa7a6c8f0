import type { MissingRecords } from "../api/types.ts";
import { formatSecond } from "../lib/format.ts";

/** What is lost of the stored records, in words. */
export function Missing({ missing }: { missing: MissingRecords[] }) {
  if (missing.length === 0) return null;
  return (
    <ul class="note">
      {missing.map(({ after, before }) => (
        <li key={`${after}${before}`}>
          Records are lost{after !== null && ` after ${formatSecond(after)}`}
          {before !== null && ` before ${formatSecond(before)}`}.
        </li>
      ))}
    </ul>
  );
}
