import type { Buffer } from "node:buffer";
import { withoutSchema } from "../../sql-text/tables.ts";
import { tagsOf, tagValue } from "../../sql-text/tags.ts";
import type { FragmentPart } from "../stored/fragments-in-range.ts";
import { formatTime } from "../stored/time.ts";
import { ByteSigns } from "./byte-signs.ts";
import type { AnyRecord, Fingerprints } from "./fingerprints.ts";
import { utf8Text } from "./json-pattern.ts";
import { foldCase } from "./letter-case.ts";
import type { RecordFilter, Tag } from "./record-filter.ts";
import { TableFilter } from "./table-filter.ts";
import { TextFinder } from "./text-finder.ts";

/*
 * A filter as tests of lines that are not parsed: NDJSON as bytes, each as one character (Latin-1). A member with its name in quotes
 * is found nowhere but where it is one, since the quotes in a JSON string have a backslash before them. So all members but a
 * statement's text are compared as they are written.
 */

/** Looks for lines in a text of many. */
export interface LineMatcher {
  /** Whether bytes of whole lines may have a place to be found. It costs less than to find it, where it is rare. */
  mayBeIn(bytes: Buffer): boolean;
  /**
   * Finds the next place that only a line that matches has, or may have; -1 when there is none.
   * @param from the beginning of a line, or a place in one
   */
  find(text: string, from: number): number;
  /** Whether that place counts only in or after the line's statement. */
  isInStatement: boolean;
  /** Whether a line, without its newline, is of the filter as far as that can be seen without parsing it. */
  test(line: string): boolean;
  /** What else a record has to be, of which the line was parsed; null when the test has said all. */
  verify: ((record: AnyRecord) => boolean) | null;
}

/** A condition of a filter. */
interface Condition {
  /** A text that every line has that meets it, a pattern for one, or what finds it. The rarest are used to find lines. */
  sign?: string | RegExp | TextFinder;
  /** How rare that is: less is rarer. */
  rank?: number;
  isInStatement?: boolean;
  /** As LineMatcher has them. */
  test?: (line: string) => boolean;
  verify?: (record: AnyRecord) => boolean;
}

/**
 * Makes the matcher of a filter for the lines of a fragment.
 * @param fingerprints of records in fragments of version 1, which have none
 */
export function matcherOf(
  filter: RecordFilter,
  { isWhole, version }: Pick<FragmentPart, "isWhole" | "version">,
  fingerprints: Fingerprints,
): LineMatcher {
  const { fingerprint, contains, table, tags = [] } = filter;
  const isComputed = version === 1 && fingerprint !== undefined;
  const conditions: Condition[] = [
    ...memberConditions(isComputed ? { ...filter, fingerprint: undefined } : filter),
    ...(contains === undefined ? [] : [containsCondition(contains)]),
    ...(table === undefined ? [] : [tableCondition(table, fingerprints)]),
    ...(tags.length === 0 ? [] : [tagsCondition(tags)]),
    ...(isComputed ? [{ verify: (record: AnyRecord) => fingerprints.of(record) === fingerprint }] : []),
    ...(isWhole ? [] : [timeCondition(filter)]),
  ];
  const signs = conditions.filter(({ sign }) => sign !== undefined);
  const rarest = signs.toSorted((a, b) => (a.rank ?? 0) - (b.rank ?? 0))[0];
  const tests = conditions.flatMap(({ test }) => test ?? []);
  const verifies = conditions.flatMap(({ verify }) => verify ?? []);
  const sign = rarest?.sign;
  return {
    mayBeIn: testOf(sign),
    find: finderOf(sign),
    isInStatement: rarest?.isInStatement ?? false,
    test: (line) => tests.every((test) => test(line)),
    verify: verifies.length === 0 ? null : (record) => verifies.every((verify) => verify(record)),
  };
}

function testOf(sign: Condition["sign"]): LineMatcher["mayBeIn"] {
  if (sign === undefined || sign instanceof RegExp) return () => true;
  const signs = sign instanceof TextFinder ? sign : new ByteSigns([...sign].map((character) => [character]));
  return (bytes) => signs.mayBeIn(bytes);
}

function finderOf(sign: Condition["sign"]): LineMatcher["find"] {
  if (sign === undefined) return (text, from) => (from < text.length ? from : -1);
  if (typeof sign === "string") return (text, from) => text.indexOf(sign, from);
  if (sign instanceof TextFinder) return (text, from) => sign.find(text, from);
  return (text, from) => {
    sign.lastIndex = from;
    return sign.exec(text)?.index ?? -1;
  };
}

/** A member as it is written, with a value that JSON.stringify has written. */
const member = (name: string, value: string | number): string =>
  utf8Text(`"${name}":${typeof value === "string" ? JSON.stringify(value) : `${value},`}`);

function memberConditions(filter: RecordFilter): Condition[] {
  const { fingerprint, threadId, host, user, db, command, errors, minDurationMicros } = filter;
  const written = [
    fingerprint === undefined ? [] : [member("fingerprint", fingerprint)],
    threadId === undefined ? [] : [member("threadId", threadId)],
    [],
    host === undefined ? [] : [member("host", host)],
    user === undefined ? [] : [member("user", user)],
    db === undefined ? [] : [member("db", db)],
    command === undefined ? [] : [member("command", command)],
  ];
  const conditions: Condition[] = written.flatMap((signs, rank) =>
    signs.map((sign) => ({ sign, rank, test: (line: string) => line.includes(sign) })),
  );
  if (errors) {
    const sign = /"errno":[1-9]/g;
    conditions.push({ sign, rank: CONTAINS_RANK - 0.5, test: (line) => line.search(sign) >= 0 });
  }
  if (minDurationMicros !== undefined && minDurationMicros > 0) {
    conditions.push(durationCondition(minDurationMicros));
  }
  return conditions;
}

/** A text is rarer than a user, and mostly less rare than a thread. */
const CONTAINS_RANK = 2;
const COMMON_RANK = 10;

/** What takes so long has at least as many digits. */
function durationCondition(minMicros: number): Condition {
  const name = '"durationMicros":';
  return {
    sign: new RegExp(`${name}\\d{${String(minMicros).length}}`, "g"),
    rank: CONTAINS_RANK + 0.5,
    test: (line) => {
      // Searched from the end: what stands before is a statement of any length.
      const at = line.lastIndexOf(name);
      return at >= 0 && Number.parseInt(line.slice(at + name.length, at + name.length + 20), 10) >= minMicros;
    },
  };
}

function containsCondition(text: string): Condition {
  const wanted = foldCase(text);
  const isShort = wanted.length < 3;
  return {
    sign: new TextFinder(text),
    rank: isShort ? COMMON_RANK : CONTAINS_RANK,
    isInStatement: true,
    verify: ({ statement }) => foldCase(statement).includes(wanted),
  };
}

function tableCondition(table: string, fingerprints: Fingerprints): Condition {
  const filter = new TableFilter(table, fingerprints);
  const name = withoutSchema(table);
  return {
    // Other names may be written in several ways.
    ...(/^[\w$]+$/.test(name) && {
      sign: new TextFinder(name),
      rank: CONTAINS_RANK + 1,
      isInStatement: true,
    }),
    verify: (record) => filter.matches(record),
  };
}

/** Tags stand in comments, and may be encoded. */
function tagsCondition(tags: readonly Tag[]): Condition {
  return {
    sign: "*/",
    rank: COMMON_RANK - 1,
    isInStatement: true,
    verify: ({ statement }) => {
      const known = tagsOf(statement);
      return tags.every(([key, value]) => tagValue(known, key) === value);
    },
  };
}

/** Times are written so that they sort as texts do. */
function timeCondition({ from, to }: RecordFilter): Condition {
  const first = from === undefined ? "" : boundText(from);
  const end = to === undefined ? AFTER_ALL : boundText(to);
  return {
    test: (line) => {
      const time = line.slice(TIME_START, TIME_END);
      return time >= first && time < end;
    },
  };
}

/** Sorts behind every time. */
const AFTER_ALL = "\uFFFF";

/** A time that sorts among those of lines. Before the year 0 and after 9999, years are written in another way. */
function boundText(millis: number): string {
  if (millis < Date.UTC(1970)) return "";
  return millis >= Date.UTC(9999, 11, 31) ? AFTER_ALL : formatTime(millis * 1000);
}

/** Where a line has its time: it is the first member. */
const TIME_START = '{"time":"'.length;
const TIME_END = TIME_START + "2026-11-23T05:36:15.123456Z".length;
