/* A general log with text in several scripts, made of one that has none. */

/** A fifth of the statements is changed. */
const EVERY = 5;
/** What stands for values, by turns. */
const PHRASES = [
  "Доставка во вторник, подъезд 4, код 81; ",
  "東京都渋谷区のお客様へ配達、二階です。",
  "Привет 👋 спасибо 🎁 за заказ 📦 ",
  "Zürich, façade, naïve – 10 € für Özlem; ",
];
/** No text is shorter, in characters. */
const SHORTEST = 8;
const STATEMENT = /^[^\t]*\t+ *\d+ (?:Query|Execute)\t/;
/** A string, or a number that is compared, listed or the end of a range. */
const VALUE = /'[^']*'|(?<=[=(] *|, *|\bBETWEEN |\bAND )\d+\b/g;

/**
 * Replaces each value in every fifth statement by text of as many characters in Cyrillic, Chinese characters and Kana, emoji, and
 * accented Latin letters. Where a fifth statement has no value, the next one that has is changed in its place. A statement's
 * further lines stay as they are.
 * @param log whole lines, ASCII
 */
export function withMixedUtf8(log: string): string {
  let due = 0;
  let changed = 0;
  return log
    .split("\n")
    .map((line) => {
      const start = STATEMENT.exec(line)?.[0].length;
      if (start === undefined) return line;
      due++;
      if (due < EVERY) return line;
      const statement = line.slice(start).replaceAll(VALUE, (value) => textInPlaceOf(value, changed));
      if (statement.length === line.length - start && !/[^ -~]/.test(statement)) return line;
      due -= EVERY;
      changed++;
      return line.slice(0, start) + statement;
    })
    .join("\n");
}

/** A string of SQL with as many characters as the value, or the shortest. */
function textInPlaceOf(value: string, turn: number): string {
  const phrase = [...(PHRASES[turn % PHRASES.length] as string)];
  const length = Math.max(SHORTEST, value.length - 2);
  return `'${Array.from({ length }, (_, i) => phrase[(turn + i) % phrase.length]).join("")}'`;
}
