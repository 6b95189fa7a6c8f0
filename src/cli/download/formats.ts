/* What a download can be on this machine, and what the service is asked for it. */

/** A format of `captures download`. */
export interface Format {
  /** What the service is asked for. */
  wire: "ndjson.gz" | "log";
  /** What is done with what it sends: kept as it is, decompressed, or made into a Parquet file. */
  made: "as it is" | "checked" | "plain";
  /** Whether it is nothing for a terminal. */
  isBinary: boolean;
}

/** The formats by their names, which are the API's and the endings of files. */
export const FORMATS = {
  "ndjson.gz": { wire: "ndjson.gz", made: "checked", isBinary: true },
  ndjson: { wire: "ndjson.gz", made: "plain", isBinary: false },
  log: { wire: "log", made: "as it is", isBinary: false },
} as const satisfies Record<string, Format>;

/** The name of a format. */
export type FormatName = keyof typeof FORMATS;

/**
 * The name of a download's file, as the service calls it, with the ending of another format.
 * @param disposition the reply's `Content-Disposition`; what is no name of ours is not used
 */
export function fileNameOf(captureId: number, disposition: string | null, format: string): string {
  const stem = /filename="(capture-\d{1,16}(?:-slow)?)\.[a-z.]{1,20}"/.exec(disposition ?? "")?.[1];
  return `${stem ?? `capture-${captureId}`}.${format}`;
}
