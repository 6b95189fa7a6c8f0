import * as z from "zod";
import { lazy } from "./lazy.ts";

/*
 * What is stored outlives the code that wrote it: it is parsed when it is read, and has the version of its shape. What was
 * stored before there were versions is version 1. A field that is added is optional, or has a default, and needs no new
 * version: older code drops fields that it does not know. A new version is for what older code would misread.
 */

/** What is stored can't be read: it is damaged, or a newer version of the service wrote it. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

/** A shape that is stored. */
export interface StoredFormat<T> {
  /** The value with its version, to be stored as an object. */
  write(value: T): T & { version: number };
  /** The same as JSON. */
  stringify(value: T): string;
  /** @throws Unreadable when it is of a newer version, or not of the shape */
  read(stored: unknown): T;
  /** @throws Unreadable as `read` does, or when it is no JSON */
  parse(json: string): T;
}

const versionSchema = lazy(() => z.object({ version: z.int().positive().default(1) }));

/**
 * A shape that is stored.
 * @param name what it is called in errors
 * @param version of the shape; versions before it are read too
 * @param makeShape makes its schema, when it is first needed
 */
export function storedFormat<S extends z.ZodType<object>>(
  name: string,
  version: number,
  makeShape: () => S,
): StoredFormat<z.output<S>> {
  const shape = lazy(makeShape);
  const write = (value: z.output<S>) => ({ ...value, version });
  const read = (stored: unknown): z.output<S> => {
    const found = versionSchema().safeParse(stored);
    if (found.success && found.data.version > version) {
      const { version: newer } = found.data;
      throw new Unreadable(`The ${name} is of version ${newer}, and no later one than ${version} is known`);
    }
    const parsed = found.success ? shape().safeParse(stored) : found;
    if (parsed.success) return parsed.data;
    throw new Unreadable(`The ${name} is damaged: ${complaint(parsed.error)}`);
  };
  return {
    write,
    stringify: (value) => JSON.stringify(write(value)),
    read,
    parse(json) {
      let stored: unknown;
      try {
        stored = JSON.parse(json);
      } catch {
        // Not the parser's message, which quotes the text.
        throw new Unreadable(`The ${name} is damaged: it is no JSON`);
      }
      return read(stored);
    },
  };
}

/** Bytes that are stored: as they are, or in base64, since JSON has no bytes. */
export const bytesSchema = lazy(() =>
  z.union([
    z.instanceof(Uint8Array),
    z.string().transform((base64, ctx) => {
      try {
        return Uint8Array.fromBase64(base64);
      } catch {
        ctx.addIssue({ code: "custom", message: "is not base64" });
        return z.NEVER;
      }
    }),
  ]),
);

/** Where a value is not of its shape, without the value. */
function complaint({ issues }: z.ZodError): string {
  const [first] = issues;
  return `${first?.path.join(".") || "all of it"}: ${first?.code}, and ${issues.length - 1} more`;
}
