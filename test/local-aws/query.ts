import { XMLBuilder } from "fast-xml-parser";
import { type AwsError, commonErrors } from "./errors.ts";
import { writeXml, type XmlStyle } from "./xml-style.ts";

/** The parameters of a Query request, flat as they were sent: `Parameters.Parameter.1.ParameterName`. */
export type QueryParameters = ReadonlyMap<string, string>;

/** What a Query reply holds: element names to text, to further elements, or to an array for a repeated element. */
export interface XmlElements {
  [name: string]: XmlValue | undefined;
}
export type XmlValue = string | number | boolean | XmlElements | readonly XmlValue[];

const xml = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: "@" });

/**
 * Reads a form-encoded body.
 * @throws AwsError MalformedInput for a parameter that is given twice or a body that is not UTF-8
 */
export function decodeQuery(body: Uint8Array): QueryParameters {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw commonErrors.malformedBody("The request body is not valid UTF-8");
  }
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (parameters.has(name)) throw commonErrors.malformedBody(`Duplicate parameter: ${name}`);
    parameters.set(name, value);
  }
  return parameters;
}

/**
 * The structures of a list: `listOf(p, "Parameters.Parameter")` reads `Parameters.Parameter.1.ParameterName` and so
 * on, in the order of their numbers, each as the parameters below its number.
 */
export function listOf(parameters: QueryParameters, name: string): QueryParameters[] {
  const members = new Map<number, Map<string, string>>();
  for (const [key, value] of parameters) {
    if (!key.startsWith(`${name}.`)) continue;
    const match = /^([1-9]\d{0,8})\.(.+)$/.exec(key.slice(name.length + 1));
    if (match === null) throw commonErrors.malformedBody(`Unexpected list element: ${key}`);
    const [, index, field] = match;
    const member = members.get(Number(index)) ?? new Map<string, string>();
    members.set(Number(index), member.set(field ?? "", value));
  }
  return [...members].sort(([a], [b]) => a - b).map(([, member]) => member);
}

/**
 * The reply to an action: `<ActionResponse><ActionResult>…</ActionResult><ResponseMetadata>…`.
 * @param styles other ways to write it than AWS's own
 */
export function encodeQueryReply(
  action: string,
  namespace: string,
  result: XmlElements,
  requestId: string,
  styles: readonly XmlStyle[] = [],
): string {
  const tree = {
    [`${action}Response`]: {
      "@xmlns": namespace,
      [`${action}Result`]: result,
      ResponseMetadata: { RequestId: requestId },
    },
  };
  if (styles.length > 0) return writeXml(tree, styles);
  const text = xml.build(tree);
  // A raw carriage return would reach the other side as a newline: so XML wants it. It has none of the others at all.
  return text.replace(
    /[\p{Cc}--[\t\n\x7f-\x9f]]/gv,
    (control) => `&#x${control.charCodeAt(0).toString(16).toUpperCase()};`,
  );
}

/** The error envelope of the Query protocol. */
export function encodeQueryError(
  error: AwsError,
  namespace: string,
  requestId: string,
  styles: readonly XmlStyle[] = [],
): string {
  const tree = {
    ErrorResponse: {
      "@xmlns": namespace,
      Error: { Type: error.status < 500 ? "Sender" : "Receiver", Code: error.code, Message: error.message },
      RequestId: requestId,
    },
  };
  return styles.length > 0 ? writeXml(tree, styles) : xml.build(tree);
}
