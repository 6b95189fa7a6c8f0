/** What may be said of an entry of a slow log; the rest is plausible. */
interface EntryOptions {
  /** When the statement ended, in milliseconds since the epoch; now unless told otherwise. */
  at?: number;
  /** How long it took. */
  micros?: number;
  user?: string;
  /** The connection's. */
  id?: number;
  /** The database that the server chose before it; none unless told otherwise. */
  db?: string;
}

/** An entry as MySQL's server writes it to its slow log. */
export function slowEntry(statement: string, options: EntryOptions = {}): string {
  const { at = Date.now(), micros = 1000, user = "app", id = 8, db } = options;
  return `# Time: ${new Date(at).toISOString().replace("Z", "000Z")}
# User@Host: ${user}[${user}] @ localhost [127.0.0.1]  Id: ${String(id).padStart(5)}
# Query_time: ${(micros / 1e6).toFixed(6)}  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 2
${db === undefined ? "" : `use ${db};\n`}SET timestamp=${Math.floor((at - micros / 1000) / 1000)};
${statement};
`;
}
