/*
 * What a report is made of, before it is HTML or Markdown. All texts are plain: who writes them escapes them.
 */

/** A table of figures, or of short texts. */
export interface TableBlock {
  kind: "table";
  names: readonly string[];
  /** As many cells as there are names; the first says what the row is of. */
  rows: readonly (readonly string[])[];
}

/** Statements, each with its figures. */
export interface StatementsBlock {
  kind: "statements";
  names: readonly string[];
  statements: readonly { sql: string; figures: readonly string[] }[];
  /** Which of the figures are texts, such as messages, by their places among the names; none if absent. */
  texts?: readonly number[];
}

/** Values over time: null where one is not known. */
export interface ChartBlock {
  kind: "chart";
  title: string;
  unit: string;
  /** When the first value is, and the time after the last one; in milliseconds since the epoch. */
  from: number;
  to: number;
  values: readonly (number | null)[];
}

/** A part of a report. */
export type Block =
  | { kind: "heading"; text: string }
  | { kind: "text"; text: string }
  | { kind: "facts"; facts: readonly (readonly [name: string, value: string])[] }
  | { kind: "notes"; notes: readonly string[] }
  | TableBlock
  | StatementsBlock
  | ChartBlock;

/** A whole report. */
export interface Report {
  title: string;
  blocks: readonly Block[];
}
