/*
 * Whether a statement that seems to end is amid a string, a quoted name or a comment there. Then a line in it that looks like a header is
 * a part of the statement: a slow log that somebody stored in a table, say.
 */

const BACKSLASH = 92;
/** Where something begins in which `;` does not end a statement. An executable comment is code: only its mark is left out. */
const OPENING = /['"`]|#|--(?=[\s\0]|$)|\/\*(?!!|M!)/g;

/** Whether the end of the text is amid a literal or a comment, with and without backslash escapes: which holds is not known. */
export function isAmidLiteral(text: string): boolean {
  return endsInside(text, true) && endsInside(text, false);
}

function endsInside(text: string, escapes: boolean): boolean {
  let at = 0;
  for (;;) {
    OPENING.lastIndex = at;
    const opening = OPENING.exec(text);
    if (opening === null) return false;
    const [mark] = opening;
    const from = opening.index + mark.length;
    if (mark === "#" || mark === "--") at = after(text, "\n", from);
    else if (mark === "/*") at = after(text, "*/", from);
    else at = afterQuote(text, mark, from, escapes && mark !== "`");
    if (at === 0) return true;
  }
}

/** Where the text after the next `end` begins; 0 when there is none. */
function after(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found < 0 ? 0 : found + end.length;
}

/** A doubled quote ends the literal and begins another, which comes to the same. */
function afterQuote(text: string, quote: string, from: number, escapes: boolean): number {
  let at = from;
  for (;;) {
    const found = text.indexOf(quote, at);
    if (found < 0) return 0;
    let backslashes = found;
    if (escapes) while (backslashes > from && text.charCodeAt(backslashes - 1) === BACKSLASH) backslashes--;
    if ((found - backslashes) % 2 === 0) return found + 1;
    at = found + 1;
  }
}
