import { PartialLine } from "../general/partial-line.ts";

const LF = 10;
const SEMICOLON = 59;

/** A line whose end has not been read yet, which also knows its last byte, kept or not. */
export class KeptLine extends PartialLine {
  /** The last byte that was read. */
  last = 0;
  /** Whether the line ends a statement, as far as one can tell by its end: with `;`. Once its newline was read. */
  endsStatement = false;

  override add(bytes: Uint8Array): void {
    super.add(bytes);
    const last = bytes.at(-1);
    if (last === undefined) return;
    this.endsStatement = last === LF && (bytes.at(-2) ?? this.last) === SEMICOLON;
    this.last = last;
  }
}
