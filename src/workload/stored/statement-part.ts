import { ByteWords } from "../../lib/byte-words.ts";

const STATEMENT = new ByteWords('","statement":');

/** A statement's digest, as far as a line has it. */
export interface LineDigest {
  readonly fingerprint: string;
  /** What stands between the command and the statement, once it was written. */
  linePart?: ByteWords | null;
}

/**
 * What stands between the command and the statement.
 * @param digest null for a record that ran no statement
 */
export function statementPart(digest: LineDigest | null): ByteWords {
  if (digest === null) return STATEMENT;
  digest.linePart ??= new ByteWords(`","fingerprint":"${digest.fingerprint}","statement":`);
  return digest.linePart;
}
