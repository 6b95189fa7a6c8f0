import { parseXml as parseTree, XmlElement, XmlText } from "@rgrove/parse-xml";
import type { AwsRequest } from "./client.ts";
import type { AwsErrorBody } from "./error-codes.ts";
import { cutOutText } from "./xml-text.ts";

/** A value inside a parsed XML reply. Every leaf is a string. */
export type XmlValue = string | XmlObject | XmlValue[] | undefined;
/** An element of a parsed XML reply, by the names of its children. */
export interface XmlObject {
  [name: string]: XmlValue;
}

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
    const { root } = parseTree(body, { ignoreUndefinedEntities: true });
    return root === null ? undefined : { [localName(root)]: contentOf(root) };
  } catch {
    return undefined;
  }
}

/**
 * What an element holds: its children by their names, or its text as it stands there, since an engine version is no number, and the
 * blanks of a value are its own. Attributes say nothing in the Query protocol, nor does text between elements.
 */
function contentOf(element: XmlElement): string | XmlObject {
  const children = element.children.filter((node) => node instanceof XmlElement);
  if (children.length === 0) {
    return element.children.map((node) => (node instanceof XmlText ? node.text : "")).join("");
  }
  const found: XmlObject = {};
  for (const one of children) {
    const name = localName(one);
    const before = found[name];
    const value = contentOf(one);
    if (before === undefined) found[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else found[name] = [before, value];
  }
  return found;
}

/** An element's name without a namespace's prefix. */
const localName = ({ name }: XmlElement): string => name.slice(name.indexOf(":") + 1);

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
