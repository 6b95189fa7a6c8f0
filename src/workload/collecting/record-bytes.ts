import type { LogRecord, TimedRecord } from "../../logs/record.ts";
import { StatementBytes } from "../../sql-text/statement-bytes.ts";

const NOTHING = new Uint8Array(0);

/** The statements of records as they stand in the bytes of the log. */
export class RecordBytes {
  #portion: Uint8Array = NOTHING;
  #offset = 0;
  readonly #statement = new StatementBytes();
  #isThere = false;

  /** Takes the portion that the next records are from. @param offset where it begins in the log, in bytes */
  begin(portion: Uint8Array, offset: number): void {
    this.#portion = portion;
    this.#offset = offset;
    this.#isThere = false;
  }

  /** Lets the portion go: the next records are from none. */
  end(): void {
    this.begin(NOTHING, 0);
  }

  /** The statement of the record that was looked at last, as it is stored; null where its bytes are not known. */
  get statement(): StatementBytes | null {
    return this.#isThere ? this.#statement : null;
  }

  /** The statement that was looked at is stored otherwise. */
  forget(): void {
    this.#isThere = false;
  }

  /** Looks at the statement of a record that says itself where it stands, if it does. */
  lookAt({ bytes, from = 0, to = 0 }: LogRecord): void {
    this.#isThere = bytes !== null && bytes !== undefined && from < to;
    if (this.#isThere) this.#statement.look(bytes as Uint8Array, from, to);
  }

  /**
   * Looks at a record's statement in the portion that the record is from. All that is known is where it ends and how many UTF-16 units
   * it has. If as many bytes before its end are ASCII, they are the statement: a character beyond ASCII has more bytes than units, of
   * which some would be among them.
   * @param added how many bytes the server adds to a statement, the first of them no part of any token
   * @param isTrimmed whether the record has it without the white space at its end
   */
  look({ statement, truncated, end }: TimedRecord, added: number, isTrimmed: boolean): void {
    const portion = this.#portion;
    let to = end - this.#offset - added;
    if (isTrimmed && to > 0) while (isSpace(portion[to - 1])) to--;
    const from = to - statement.length;
    this.#isThere =
      from >= 0 && to < portion.length && from < to && !truncated && this.#statement.look(portion, from, to);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && (byte === 32 || (byte >= 9 && byte <= 13));
}
