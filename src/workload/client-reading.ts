/*
 * How the programs `mysql` and `mariadb` read a file of SQL, as far as it takes to write one that they can't misread: after `add_line`
 * and `find_command` in client/mysql.cc of MySQL 5.7 to 9 and of MariaDB. They do not parse SQL. They look for quotes, comments and the
 * delimiter, and on the way for commands of their own: `\!` and a line that begins with `system` run a program. Whether a backslash
 * escapes depends on the session's sql_mode, and which comments are kept on options and versions. Where these might differ, a
 * statement is not plain.
 */

/** Blanks, and comments that no server runs. */
const LEADING = /^(?:\s|\/\*(?!M?[!+])[\s\S]*?\*\/|(?:#|--(?=\s))[^\n]*(?:\n|$))*/;
/** A line that is a command of a client's: by its first word, or by its only one. */
const COMMAND =
  /[ \t\v\f\r]*(?:delimiter|(?:\?|charset|connect|help|pager|prompt|query_attributes|source|ssl_session_data_print|system|tee|use)(?:\s|$)|(?:clear|edit|ego|exit|go|nopager|notee|nowarning|print|quit|rehash|resetconnection|sandbox|status|warnings)\s*(?:\n|$))/iy;
/** A first word that is none of SQL's: a later version of a client may have a command by that name. */
const UNKNOWN_WORD =
  /^(?!(?:alter|analyze|begin|call|case|check|checksum|commit|create|declare|delete|desc|describe|do|drop|explain|for|get|handler|if|insert|lock|loop|optimize|release|rename|repair|repeat|replace|resignal|rollback|savepoint|select|set|show|signal|start|table|truncate|unlock|update|values|while|with|xa)(?![\w$\u0080-\uffff]))[a-z_\u0080-\uffff]/i;
/** What a client stops at outside strings and comments. */
const MARK = /['"`\\$?;#\n]|--|\/\*|\*\//g;

/** A statement without what stands before its first word. */
export const withoutLeading = (statement: string): string => statement.replace(LEADING, "");

/**
 * How a client reads a statement whose delimiter is two semicolons: `plain` if every client sends it as it is, whatever its options
 * and the session's sql_mode are, else `odd`; or that it has a `?` in the place of a value.
 */
export function readAsClient(text: string): "plain" | "odd" | "lacks values" {
  const bare = withoutLeading(text);
  let isOdd = text.includes("\0") || UNKNOWN_WORD.test(bare);
  const start = text.length - bare.length;
  let isInServersComment = false;
  /** Goes on at a place; at the end where there is no such place. */
  const goOn = (at: number) => {
    MARK.lastIndex = at < 0 ? text.length : at;
  };
  const expectNoCommand = (at: number) => {
    COMMAND.lastIndex = at;
    isOdd ||= COMMAND.test(text);
  };
  goOn(0);
  expectNoCommand(0);
  for (let found = MARK.exec(text); found !== null; found = MARK.exec(text)) {
    const [mark] = found;
    const at = found.index;
    const next = text.slice(at + mark.length, at + mark.length + 1);
    switch (mark) {
      case "?":
        return "lacks values";
      case "'":
      case '"':
      case "`": {
        const end = endOfQuoted(text, at, mark);
        isOdd ||= end < 0 || isAmbiguous(text.slice(at + 1, end - 1), mark);
        goOn(end);
        break;
      }
      case "\n":
        expectNoCommand(at + 1);
        break;
      case "#":
        goOn(text.indexOf("\n", at));
        break;
      case "--":
        if (/^[ \t\n\v\f\r]?$/.test(next)) {
          goOn(text.indexOf("\n", at));
        } else {
          // A control character makes a comment of it for the server, and the beginning of a statement for some clients.
          isOdd ||= next < " " || at <= start;
          goOn(at + 1);
        }
        break;
      case "/*":
        if (next === "!" && !isInServersComment) {
          isInServersComment = true;
        } else {
          const end = text.indexOf("*/", at + 2);
          // Without an end, in another comment, for MariaDB only, or a hint of several lines or with quotes.
          isOdd ||= end < 0 || isInServersComment || /^(?:M!|\+[\s\S]*["'`\n])/.test(text.slice(at + 2, end));
          goOn(end < 0 ? end : end + 2);
          expectNoCommand(MARK.lastIndex);
        }
        break;
      case "*/":
        isInServersComment = false;
        expectNoCommand(at + 2);
        break;
      default:
        // A backslash, a dollar, or a semicolon, of which one alone is no delimiter.
        isOdd ||= mark !== ";" || next === ";";
    }
  }
  return isOdd || isInServersComment ? "odd" : "plain";
}

/** Where a string or a quoted name ends, which begins with its quote: behind its other quote, -1 where it has none. A backslash escapes. */
function endOfQuoted(text: string, start: number, quote: string): number {
  for (let at = text.indexOf(quote, start + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    let backslashes = at;
    while (text[backslashes - 1] === "\\") backslashes--;
    if ((at - backslashes) % 2 === 0) return at + 1;
  }
  return -1;
}

/**
 * Whether a client may end a string elsewhere, or change what is in it: a backslash may escape or not, and one at the end of a line, a
 * carriage return there, or a line's end before `delimiter` may be lost.
 */
function isAmbiguous(quoted: string, quote: string): boolean {
  if (/\r\n|\ndelimiter/i.test(quoted)) return true;
  return quoted.includes("\\") && (quote === "`" || quoted.includes(`\\${quote}`) || /\\[\r\n]/.test(quoted));
}
