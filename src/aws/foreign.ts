/*
 * What to say of an answer that is not AWS's: a proxy's page, another service's JSON, a redirect to a page to sign in.
 */

/** The longest text of such an answer that is quoted, in characters. */
const MAX_QUOTED = 80;

/** Whether AWS sent an answer: each of its services gives its requests a number. */
export function isFromAws(headers: Headers): boolean {
  return headers.has("x-amzn-requestid") || headers.has("x-amz-request-id");
}

/** Says what an answer is, such as `an HTML page "Sign in"`, as much of it as helps to find out whose it is. */
export function describeForeign(body: string, headers: Headers): string {
  const to = hostOf(headers.get("location"));
  if (to !== null) return `a redirect to ${to}`;
  const text = body.replace(/^\ufeff/, "").trim();
  if (text === "") return "nothing";
  if (/^<(!doctype html|html|head|body)\b/i.test(text)) {
    const title = /<title[^>]*>([^<]*)</i.exec(text)?.[1];
    return title === undefined ? "an HTML page" : `an HTML page${quoted(title)}`;
  }
  if (isJson(text)) return "JSON of another kind";
  return text.startsWith("<") ? "XML of another kind" : `text${quoted(text)}`;
}

function quoted(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  if (line === "") return "";
  return line.length > MAX_QUOTED ? ` "${line.slice(0, MAX_QUOTED)}…"` : ` "${line}"`;
}

function isJson(text: string): boolean {
  if (!/^[[{"]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function hostOf(location: string | null): string | null {
  if (location === null) return null;
  try {
    return new URL(location).host;
  } catch {
    return location.slice(0, MAX_QUOTED);
  }
}
