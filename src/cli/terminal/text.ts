import truncatedWidth from "fast-string-truncated-width";

/** How many columns of a terminal a text takes. */
export const widthOf = (text: string): number => truncatedWidth(text).width;

/** A text of at most so many columns: of a longer one the beginning, and an ellipsis. */
export function cut(text: string, columns: number): string {
  const { index, ellipsed } = truncatedWidth(text, { limit: columns, ellipsis: "…" });
  return ellipsed ? `${text.slice(0, index)}…` : text.slice(0, index);
}

/** What steers a terminal or hides in one: control characters, breaks of lines, and what turns the direction of writing. */
const STEERING = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A text that a server or a log wrote, on one line, without what would steer a terminal: control characters are shown, not sent. */
export function clean(text: string): string {
  return text.replaceAll(STEERING, (character) => {
    if (character === "\n" || character === "\t") return " ";
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16)}`;
  });
}
