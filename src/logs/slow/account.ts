import { ByteWords } from "../../lib/byte-words.ts";
import { isAscii, type Units } from "../units.ts";

/*
 * The account in a header: `PRIVILEGES_OF[LOGIN] @ HOST [ADDRESS]`. The first name is that of the account whose privileges are used,
 * the second the one that was given at log-in; they differ for a proxy user and an anonymous one. Names may hold all of `[`, `]`, ` @ `
 * and newlines; hosts and addresses don't, so it is read from its end.
 */

/** How many accounts are kept as they are written, so that they need not be read again. */
const MAX_KNOWN = 16;
const BRACKET_CLOSE = 93;

interface Known {
  text: string;
  /** To compare with; null for a text beyond ASCII, whose units are not all that it is. */
  name: ByteWords | null;
  user: string;
  host: string | null;
}

/** Reads accounts into its own fields. */
export class Account {
  /** The longest account that is read: two names of 128 characters (MariaDB's USERNAME_CHAR_LENGTH) and two hosts, in UTF-16 units. */
  static readonly MAX_LENGTH = 1200;

  /** The name that was given at log-in. */
  user = "";
  /** The host's name, or else its address; null when there is neither. */
  host: string | null = null;

  #known: Known[] = [];
  #last: Known | null = null;

  /** Whether an account that was read before is at `at`. @returns where it ends, or -1 */
  skipKnown(units: Units, at: number): number {
    const last = this.#last;
    if (last !== null && isAt(units, at, last)) return at + last.text.length;
    for (const known of this.#known) {
      if (!isAt(units, at, known)) continue;
      this.#use(known);
      return at + known.text.length;
    }
    return -1;
  }

  /** Reads the account from `at` to `end`. @returns whether it is one */
  read(text: string, at: number, end: number): boolean {
    if (text.charCodeAt(end - 1) !== BRACKET_CLOSE) return false;
    const bracket = text.lastIndexOf(" [", end - 1);
    if (bracket < at) return false;
    // An empty host leaves two spaces: ` @  [127.0.0.2]`.
    const separator = text.lastIndexOf(" @ ", bracket - 2);
    if (separator < at || separator + 3 > bracket) return false;
    const host = text.slice(separator + 3, bracket);
    const address = text.slice(bracket + 2, end - 1);
    if (/[\s[\]]/.test(host) || /[\s[\]]/.test(address)) return false;
    const user = loginOf(text.slice(at, separator));
    if (user === null) return false;
    // Copies: a part of a string keeps the whole string in memory.
    const copy = JSON.parse(
      JSON.stringify({ text: text.slice(at, end), user, host: host || address || null }),
    ) as Omit<Known, "name">;
    const known = { ...copy, name: isAscii(copy.text) ? new ByteWords(copy.text) : null };
    this.#known.unshift(known);
    if (this.#known.length > MAX_KNOWN) this.#known.pop();
    this.#use(known);
    return true;
  }

  #use(known: Known): void {
    this.#last = known;
    this.user = known.user;
    this.host = known.host;
  }
}

const isAt = (units: Units, at: number, { text, name }: Known): boolean =>
  name === null ? units.text.startsWith(text, at) : units.has(name, at);

/** The second name of `name[name]`. Where both are alike, the middle is between them; else it is taken to have no bracket or newline. */
function loginOf(names: string): string | null {
  if (!names.endsWith("]")) return null;
  const half = (names.length - 2) / 2;
  const login = names.slice(half + 1, -1);
  if (Number.isInteger(half) && names[half] === "[" && names.startsWith(login)) return login;
  const bracket = names.lastIndexOf("[");
  return bracket < 0 || names.includes("\n") ? null : names.slice(bracket + 1, -1);
}
