import type { LogName } from "../../logs/names.ts";
import { FRAGMENT_VERSION, fragmentKey, fragmentPrefix, SEALED_VERSION } from "./keys.ts";
import type { ObjectStore } from "./object-store.ts";
import { askStorage } from "./storage-failure.ts";

/*
 * The fragments of a capture's log in R2: how they are written, read back and listed. What a fragment's metadata says makes it possible
 * to find a time without reading fragments.
 */

/** What else a fragment of version 2 says, as numbers or text; each null for a fragment that does not say it. */
export interface FragmentDetails {
  /** Bytes of NDJSON before compression. */
  plainBytes: number | null;
  /** CRC-32 of the NDJSON, as in gzip (RFC 1952, section 8). */
  crc32: number | null;
  /** Of the slow log: how long the longest of its statements took. */
  longestMicros: number | null;
  /** Of the slow log: how many of its statements ended with an error, as far as the server says so. */
  errors: number | null;
}

/** What each fragment says of its records. Microseconds since the epoch. */
interface FragmentTimes {
  firstMicros: number;
  lastMicros: number;
  records: number;
}

/** What a fragment of version 2 holds. */
export interface FragmentContent extends FragmentTimes {
  plainBytes: number;
  crc32: number;
  longestMicros: number | null;
  errors: number | null;
  /** See Summary. */
  summary: string;
}

/** A fragment as R2 lists it. The numbers are NaN where its metadata does not say what each fragment says. */
export interface ListedFragment extends FragmentTimes, FragmentDetails {
  sequence: number;
  /** Of its format: 1 is gzip of many members. */
  version: number;
  /** As stored, in bytes. */
  size: number;
  /** What is in it, for `Summary.parse`: null where nothing says so. */
  summary: string | null;
}

/** Where fragments go. */
export interface FragmentStore {
  /** The first bytes of a stored fragment. */
  read(sequence: number, bytes: number): Promise<Uint8Array>;
  /** Stores a fragment, in the place of what has its number. */
  write(sequence: number, bytes: Uint8Array, content: FragmentContent): Promise<void>;
}

/** The store of the fragments of a capture's log. @param isSealed whether the objects are. Both calls throw StorageFailure when R2 fails. */
export function fragmentStore(
  bucket: ObjectStore,
  captureId: number,
  log: LogName,
  isSealed = false,
): FragmentStore {
  const version = isSealed ? SEALED_VERSION : FRAGMENT_VERSION;
  return {
    read: async (sequence, bytes) => {
      const key = fragmentKey(captureId, sequence, log);
      const object = await askStorage(() => bucket.get(key, { range: { offset: 0, length: bytes } }));
      if (object === null) throw new Error(`The fragment ${key} is gone`);
      return new Uint8Array(await askStorage(() => object.arrayBuffer()));
    },
    write: async (sequence, bytes, content) => {
      const customMetadata = metadataOf(content, version);
      await askStorage(() => bucket.put(fragmentKey(captureId, sequence, log), bytes, { customMetadata }));
    },
  };
}

/** A fragment's custom metadata: what it holds, of which it leaves out what is null. */
export function metadataOf(content: FragmentContent, version = FRAGMENT_VERSION): Record<string, string> {
  const known = Object.entries({ version, ...content }).filter(([, value]) => value !== null);
  return Object.fromEntries(known.map(([name, value]) => [name, String(value)]));
}

/** Lists the fragments of a capture's log in the order of their numbers, a thousand with each request to R2. */
export async function* listFragments(
  bucket: ObjectStore,
  captureId: number,
  log: LogName,
): AsyncGenerator<ListedFragment> {
  const prefix = fragmentPrefix(captureId, log);
  let cursor: string | undefined;
  do {
    const page = await bucket.list({
      prefix,
      include: ["customMetadata"],
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { key, size, customMetadata } of page.objects) {
      const sequence = Number(/(\d{8})[^/]*$/.exec(key)?.[1]);
      const metadata: Partial<Record<string, string>> = customMetadata ?? {};
      yield {
        sequence,
        size,
        version: Number(metadata.version ?? 1),
        firstMicros: Number(metadata.firstMicros),
        lastMicros: Number(metadata.lastMicros),
        records: Number(metadata.records),
        plainBytes: numberOrNull(metadata.plainBytes),
        crc32: numberOrNull(metadata.crc32),
        longestMicros: numberOrNull(metadata.longestMicros),
        errors: numberOrNull(metadata.errors),
        summary: metadata.summary ?? null,
      };
    }
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
}

const numberOrNull = (text: string | undefined): number | null => (text === undefined ? null : Number(text));
