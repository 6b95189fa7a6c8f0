import { type AwsError, commonErrors } from "./errors.ts";

/** A value of the JSON protocol. Members that are undefined are left out. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined };

/** Reads a JSON 1.0 request body, which must be an object. @throws AwsError SerializationException */
export function decodeJson(body: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    throw commonErrors.malformedBody("The request body is not valid JSON");
  }
  if (!isObject(value))
    throw commonErrors.malformedBody("Start of structure or map found where not expected.");
  return value;
}

/** Whether a decoded JSON value is an object, and neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Ways to write the same JSON: whole numbers without a fraction or an exponent, one member to a line, texts with escapes, the members
 * in the opposite order, and members that nobody has heard of yet.
 */
export const JSON_STYLES = ["integers", "indent", "escapes", "reverse", "extra"] as const;
export type JsonStyle = (typeof JSON_STYLES)[number];

/**
 * Writes a JSON 1.0 reply. Numbers are printed as Java prints its doubles, since CloudWatch does so (1.7672256E9),
 * and a client that cuts timestamps out with a pattern of digits should fail here too.
 * @param styles other ways to write it
 */
export function encodeJson(value: JsonValue, styles: readonly JsonStyle[] = []): string {
  const separator = styles.includes("indent") ? ",\n  " : ",";
  if (typeof value === "number") return styles.includes("integers") ? String(value) : javaDouble(value);
  if (Array.isArray(value)) return `[${value.map((item) => encodeJson(item, styles)).join(separator)}]`;
  if (typeof value === "string" && styles.includes("escapes")) {
    return JSON.stringify(value).replace(/(?<=^")[^"\\]/, escapeOf);
  }
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value as Record<string, JsonValue | undefined>).flatMap(([name, member]) =>
    member === undefined ? [] : [`${JSON.stringify(name)}:${encodeJson(member, styles)}`],
  );
  if (styles.includes("extra")) members.push('"SomethingOfTomorrow":{"Name":"x","Values":[1]}');
  if (styles.includes("reverse")) members.reverse();
  return `{${members.join(separator)}}`;
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The error envelope of the JSON protocol; its Query code goes into `x-amzn-query-error`, see `queryErrorHeader`. */
export function encodeJsonError(error: AwsError): string {
  return JSON.stringify({ __type: error.jsonType, message: error.message });
}

/** The value of `x-amzn-query-error`, with which services that once spoke Query keep their old error codes. */
export function queryErrorHeader(error: AwsError): string {
  return `${error.code};${error.jsonStatus < 500 ? "Sender" : "Receiver"}`;
}

/** `Double.toString`: a decimal point always, and an exponent from 10^7 up and below 10^-3. */
function javaDouble(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-3)) {
    const [digits = "", exponent = ""] = value.toExponential().split("e");
    return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
