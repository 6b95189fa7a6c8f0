import { EXIT, Failure } from "../failure.ts";

/*
 * What `compare --fail-on` looks for:
 *
 *   conditions = condition *("," condition)
 *   condition  = ("new" / "gone") [":any"]
 *              / ("slower" / "rate" / "time" / "rows" / "errors") [":" factor]
 *   factor     = a number above 1, such as 1.5
 */

/** Statements that only one of the captures has. */
const PARTS = ["new", "gone"] as const;
/** Figures that are so many times as much. */
const FIGURES = ["slower", "rate", "time", "rows", "errors"] as const;

/** A statement is new or gone: for sure, or `isAny` also if it may be missing in the other capture by chance. */
export interface PartCondition {
  kind: (typeof PARTS)[number];
  isAny: boolean;
  /** As it was written. */
  text: string;
}

/** A figure has grown by more than chance, and to at least `factor` times as much; null for as much as the comparison calls a change. */
export interface FigureCondition {
  kind: (typeof FIGURES)[number];
  factor: number | null;
  /** As it was written. */
  text: string;
}

/** Something that a comparison is looked through for. */
export type Condition = PartCondition | FigureCondition;

/** The most that a figure can be asked to have grown: what the API takes as `minChange` is 1000 at most. */
const MAX_FACTOR = 1001;

/**
 * Reads the conditions of `--fail-on`.
 * @throws Failure of usage for what is no condition, and for one that is there twice
 */
export function parseConditions(text: string): Condition[] {
  const conditions = text.split(",").map((part) => parseCondition(part.trim()));
  const kinds = conditions.map(({ kind }) => kind);
  const twice = kinds.find((kind, at) => kinds.indexOf(kind) !== at);
  if (twice !== undefined) throw wrong(`--fail-on has ${twice} twice`);
  return conditions;
}

function parseCondition(text: string): Condition {
  const [name, value, ...more] = text.split(":");
  if (more.length > 0) throw wrong(`--fail-on can't have ${JSON.stringify(text)}`);
  const part = PARTS.find((one) => one === name);
  if (part !== undefined) {
    if (value !== undefined && value !== "any")
      throw wrong(`--fail-on ${part} can only be ${part} or ${part}:any`);
    return { kind: part, isAny: value === "any", text };
  }
  const figure = FIGURES.find((one) => one === name);
  if (figure === undefined) throw wrong(`--fail-on can't have ${JSON.stringify(text)}`);
  return { kind: figure, factor: value === undefined ? null : parseFactor(figure, value), text };
}

function parseFactor(kind: string, text: string): number {
  const factor = /^\d{1,4}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  if (factor <= 1 || factor > MAX_FACTOR)
    throw wrong(`The factor of --fail-on ${kind} must be a number above 1, such as ${kind}:1.5`);
  return factor;
}

const wrong = (message: string): Failure =>
  new Failure(
    message,
    EXIT.usage,
    "It takes new, gone (or new:any, gone:any), slower, rate, time, rows and errors, with a factor such as slower:1.5, and commas between them.",
  );

/**
 * By what part a figure has to differ for a condition, as the API's `minChange`.
 * @param otherwise where the condition has no factor
 */
export const minChangeOf = (condition: Condition, otherwise: number): number =>
  // The API takes six decimals.
  "factor" in condition && condition.factor !== null ? Number((condition.factor - 1).toFixed(6)) : otherwise;
