/*
 * Whether a statement that seems to end is amid a string, a quoted name or a comment there. Then a line in it that looks like a header is
 * a part of the statement: a slow log that somebody stored in a table, say.
 */

const BACKSLASH = 92;
/** Where something begins in which `;` does not end a statement. An executable comment is code: only its mark is left out. */
const OPENING = /['"`]|#|--(?=[\s\0]|$)|\/\*(?!!|M!)/g;

/** What a text is amid: a quote, `/*`, or nothing. */
type Inside = "'" | '"' | "`" | "/*" | "";

/** Reads a statement line by line, with and without backslash escapes: which of both holds is not known. */
export class OpenLiteral {
  #withEscapes: Inside = "";
  #withoutEscapes: Inside = "";
  /** How many characters of the statement were read. */
  length = 0;

  /** Reads the next lines of the statement, each with its newline. No mark is part of two calls' text so. */
  read(lines: string): void {
    this.length += lines.length;
    this.#withEscapes = insideAfter(lines, this.#withEscapes, true);
    this.#withoutEscapes = insideAfter(lines, this.#withoutEscapes, false);
  }

  /** Whether the statement is amid a literal or a comment after what was read, whichever holds. */
  get isOpen(): boolean {
    return this.#withEscapes !== "" && this.#withoutEscapes !== "";
  }
}

/** What the end of the text is amid, if its beginning is amid `inside`. */
function insideAfter(text: string, inside: Inside, escapes: boolean): Inside {
  let at = inside === "" ? 0 : afterLiteral(text, inside, 0, escapes);
  if (at < 0) return inside;
  for (;;) {
    OPENING.lastIndex = at;
    const opening = OPENING.exec(text);
    if (opening === null) return "";
    const mark = opening[0] as Inside | "#" | "--";
    const from = opening.index + mark.length;
    if (mark === "#" || mark === "--") {
      const newline = text.indexOf("\n", from);
      if (newline < 0) return "";
      at = newline + 1;
    } else {
      at = afterLiteral(text, mark, from, escapes);
      if (at < 0) return mark;
    }
  }
}

/** Where a literal or comment ends whose inside is from `from` on; -1 when it does not. */
function afterLiteral(text: string, inside: Inside, from: number, escapes: boolean): number {
  if (inside === "/*") {
    const end = text.indexOf("*/", from);
    return end < 0 ? -1 : end + 2;
  }
  let at = from;
  for (;;) {
    const found = text.indexOf(inside, at);
    // A doubled quote ends the literal and begins another, which comes to the same.
    if (found < 0 || !escapes || inside === "`") return found < 0 ? -1 : found + 1;
    let backslashes = found;
    while (backslashes > from && text.charCodeAt(backslashes - 1) === BACKSLASH) backslashes--;
    if ((found - backslashes) % 2 === 0) return found + 1;
    at = found + 1;
  }
}
