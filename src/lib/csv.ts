/*
 * Tables as CSV (RFC 4180): a line of names, then a line for each row, each ended by CR LF. Cells are numbers, texts or empty.
 */

/** What a cell may have: null and undefined are empty. */
export type Cell = string | number | boolean | null | undefined;

/** A column: its name, and what of a row it has. */
export type Column<Row> = readonly [name: string, of: (row: Row) => Cell];

/** The fields of a row that a cell can have. */
type Fields<Row> = { [Name in keyof Row]-?: Row[Name] extends Cell ? Name : never }[keyof Row] & string;

/** Columns of fields of a row, each under its name. */
export const fields = <Row>(...names: Fields<Row>[]): Column<Row>[] =>
  names.map((name) => [name, (row) => row[name] as Cell]);

/** How a table is served. */
export const CSV_TYPE = "text/csv; charset=utf-8";

/** What spreadsheets take for the beginning of a formula, also in full width (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;
/** What only a quoted cell can have (RFC 4180, section 2). */
const QUOTED = /[",\r\n]/;

/**
 * The text of a table. Texts that a spreadsheet would run as a formula begin with an apostrophe. A NUL, which RFC 4180 does not allow and
 * few readers take, is U+FFFD.
 */
export function toCsv<Row>(columns: readonly Column<Row>[], rows: Iterable<Row>): string {
  let text = csvNames(columns);
  for (const row of rows) text += csvRow(columns, row);
  return text;
}

/** The first line of a table: the names of its columns. */
export const csvNames = <Row>(columns: readonly Column<Row>[]): string =>
  lineOf(columns.map(([name]) => name));

/** The line of a row. */
export const csvRow = <Row>(columns: readonly Column<Row>[], row: Row): string =>
  lineOf(columns.map(([, of]) => of(row)));

const lineOf = (cells: Cell[]): string => `${cells.map(cellOf).join(",")}\r\n`;

function cellOf(value: Cell): string {
  if (value === null || value === undefined) return "";
  // Numbers are no formulas, also those below zero.
  if (typeof value !== "string") return String(value);
  const text = (FORMULA.test(value) ? `'${value}` : value).replaceAll("\0", "\uFFFD");
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The headers of a reply that is a table, to be saved in a file with this name, without its ending. */
export const csvHeaders = (name: string): Record<string, string> => ({
  "Content-Type": CSV_TYPE,
  "Content-Disposition": `attachment; filename="${name}.csv"`,
});
