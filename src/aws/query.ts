import { XMLParser } from "fast-xml-parser";
import type { AwsErrorBody, AwsRequest } from "./client.ts";
import { cutOutText } from "./xml-text.ts";

/** A value inside a parsed XML reply. Every leaf is a string. */
export type XmlValue = string | XmlObject | XmlValue[] | undefined;
/** An element of a parsed XML reply, by the names of its children. */
export interface XmlObject {
  [name: string]: XmlValue;
}

// Values are not converted: an engine version is not a number, and the line breaks of a log are kept. RDS writes what XML would
// change (a carriage return) as a numeric entity.
const parser = new XMLParser({
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
  ignoreAttributes: true,
  removeNSPrefix: true,
  ignoreDeclaration: true,
});

const utf8 = new TextDecoder();
const encoder = new TextEncoder();

/** Makes a request of AWS's Query protocol, which RDS, STS and IAM speak: a form in, XML out. */
export function queryRequest(
  service: "rds" | "sts" | "iam",
  action: string,
  version: string,
  parameters: Record<string, string>,
): AwsRequest {
  return {
    service,
    action,
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: new URLSearchParams({ Action: action, Version: version, ...parameters }).toString(),
    replyHas: `${action}Response`,
    parseError: parseQueryError,
  };
}

/**
 * The `<ActionResult>` element of a reply. All that it may have is optional.
 * @returns undefined when the body is not such a reply
 */
export function queryResult(body: string, action: string): XmlObject | undefined {
  const response = child(parseXml(body), `${action}Response`);
  const name = `${action}Result`;
  return child(response, name) ?? (text(response, name)?.trim() === "" ? {} : undefined);
}

/**
 * The same of a reply in bytes, one element of which may hold a megabyte of text.
 * @param large the name of that element, whose text is given apart, in UTF-8
 */
export function largeQueryResult(
  body: Uint8Array,
  action: string,
  large: string,
): { result: XmlObject; text: Uint8Array } | undefined {
  const cut = cutOutText(body, large);
  if (cut !== undefined) {
    const result = queryResult(cut.envelope, action);
    if (result?.[large] === "") return { result, text: cut.text };
  }
  const result = queryResult(utf8.decode(body), action);
  return result && { result, text: encoder.encode(text(result, large) ?? "") };
}

function parseQueryError(body: string): AwsErrorBody | undefined {
  const document = parseXml(body);
  const error =
    child(child(document, "ErrorResponse"), "Error") ?? child(child(document, "Response"), "Error");
  const code = text(error, "Code");
  return code === undefined ? undefined : { code, message: text(error, "Message") ?? code };
}

function parseXml(body: string): XmlObject | undefined {
  try {
    return parser.parse(body, true) as XmlObject;
  } catch {
    return undefined;
  }
}

/** The child element of a name, if it is there and has children. */
export function child(element: XmlObject | undefined, name: string): XmlObject | undefined {
  const value = element?.[name];
  return typeof value === "object" && !Array.isArray(value) ? value : undefined;
}

/** The text of the child element of a name. */
export function text(element: XmlObject | undefined, name: string): string | undefined {
  const value = element?.[name];
  return typeof value === "string" ? value : undefined;
}

/** The text of the child element of a name, if that is a word or a number: without blanks around it, null for an empty one. */
export function word(element: XmlObject | undefined, name: string): string | null {
  return text(element, name)?.trim() || null;
}

/** The elements of a list: in XML one element and a list of one look the same. */
export function list(element: XmlObject | undefined, name: string): XmlObject[] {
  const value = element?.[name];
  const values = Array.isArray(value) ? value : [value];
  return values.filter((item): item is XmlObject => typeof item === "object" && !Array.isArray(item));
}
