import { classOf } from "./keywords.ts";
import {
  END,
  ESCAPES,
  Lexer,
  NUMBER,
  PLAIN,
  QUOTED,
  type Reading,
  STRING,
  SYMBOL,
  WIDE,
  WORD,
} from "./lexer.ts";
import type { SessionSettings } from "./session-settings.ts";

/*
 * Where the strings of a statement end depends on the session's sql_mode and on its client's character set, of which the log
 * says little. Nearly always it makes no difference, or all readings but one come to nonsense; else the text is in doubt.
 */

/** How a text is to be read. */
export type Choice =
  | { doubtful: false; reading: Reading }
  | {
      doubtful: true;
      /** The likeliest. */
      reading: Reading;
      /** All that it may be, and whether it makes sense so. */
      readings: { reading: Reading; makesSense: boolean }[];
      /** Where the first token begins that is another one by another reading; in bytes. */
      from: number;
    };

/** Only such a text is another one by another reading. */
const MAY_DIFFER = /\\['"]|[\u0080-\uffff]`/;

const one = new Lexer();
const other = new Lexer();

const certain: Record<Reading, Choice> = {
  [ESCAPES]: { doubtful: false, reading: ESCAPES },
  [PLAIN]: { doubtful: false, reading: PLAIN },
  [WIDE]: { doubtful: false, reading: WIDE },
};

/**
 * Chooses how to read a text. What the log says of the session is the likeliest, and no more: a connection that a pool has reset
 * is back at the server's default, and the log has no word of that. So it has to make sense, too.
 */
export function chooseReading(text: string, { escapes, wide }: SessionSettings): Choice {
  const likeliest: Reading = escapes === false ? PLAIN : ESCAPES;
  if (!MAY_DIFFER.test(text)) return certain[likeliest];
  const others: { reading: Reading; makesSense: boolean }[] = [];
  let from = Number.POSITIVE_INFINITY;
  let isOpen = false;
  for (const reading of [ESCAPES, PLAIN, WIDE] as const) {
    const parts = reading === likeliest ? -1 : partsAt(text, likeliest, reading);
    if (parts < 0) continue;
    from = Math.min(from, parts);
    const sense = makesSense(text, reading);
    others.push({ reading, makesSense: sense });
    const isExcluded = reading === WIDE ? wide === false : escapes !== null;
    if (sense && !isExcluded) isOpen = true;
  }
  const first = { reading: likeliest, makesSense: others.length === 0 || makesSense(text, likeliest) };
  one.reset("");
  other.reset("");
  if (first.makesSense && !isOpen) return certain[likeliest];
  return { doubtful: true, reading: likeliest, readings: [first, ...others], from };
}

/** Where the first token begins that ends elsewhere by the other reading, in bytes; -1 when there is none. */
function partsAt(text: string, reading: Reading, another: Reading): number {
  one.reading = reading;
  other.reading = another;
  one.reset(text);
  other.reset(text);
  for (;;) {
    const kind = one.next();
    other.next();
    if (one.end !== other.end || one.start !== other.start) return Math.min(one.start, other.start);
    if (kind === END) return -1;
  }
}

const BACKSLASH = 92;
const CAPITAL_N = 78;
const OPEN_PARENTHESIS = 40;
const CLOSE_PARENTHESIS = 41;

/**
 * Whether a server could accept the text by this reading, as far as quotes tell: all are closed, no name or number stands right
 * behind one (a keyword may), there is no backslash but that of `\N`, and parentheses are in pairs. By the wrong reading text and
 * quotes have changed places from the first difference on.
 */
function makesSense(text: string, reading: Reading): boolean {
  one.reading = reading;
  one.reset(text);
  const { bytes } = one;
  let closed = -1;
  let depth = 0;
  for (let kind = one.next(); kind !== END; kind = one.next()) {
    const { start, end } = one;
    if (start === closed) {
      if (kind === WORD && classOf(one.hash) === 0) return false;
      if (kind === NUMBER || kind === STRING || kind === QUOTED) return false;
    }
    if (kind === STRING || kind === QUOTED) {
      if (one.unterminated) return false;
      closed = end;
    } else if (kind === SYMBOL) {
      const code = bytes[start];
      if (code === BACKSLASH && bytes[end] !== CAPITAL_N) return false;
      if (code === OPEN_PARENTHESIS) depth++;
      else if (code === CLOSE_PARENTHESIS && --depth < 0) return false;
    }
  }
  return depth === 0;
}
