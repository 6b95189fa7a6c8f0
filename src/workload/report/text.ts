/** Control characters but for tabs and line feeds, and those that turn the direction of the text around them. */
const UNWANTED = /[^\P{Cc}\t\n]|[\u202a-\u202e\u2066-\u2069]/gu;

/** A text as a file may have it: statements and names are somebody else's, and may have anything. */
export const plainText = (text: string): string =>
  text.toWellFormed().replace(/\r\n?/g, "\n").replace(UNWANTED, "\ufffd");
