import { env } from "cloudflare:workers";
import type { AwsTarget } from "../../src/aws/client.ts";
import { downloadLogPortion, listLogFiles } from "../../src/aws/rds-logs.ts";
import { GENERAL } from "../../src/logs/general/kind.ts";
import type { LogKind, ParsedAs } from "../../src/logs/kind.ts";
import type { LogName } from "../../src/logs/names.ts";
import type { LogSource } from "../../src/logs/reader.ts";
import { redactSecrets } from "../../src/sql-text/redact/redact.ts";
import { beginFollowing, follow } from "../../src/workload/collecting/follower.ts";
import type { FollowerState } from "../../src/workload/collecting/follower-state.ts";
import type { CaptureWindow } from "../../src/workload/collecting/window.ts";
import { Digests } from "../../src/workload/digest.ts";
import type { StoredRecord } from "../../src/workload/stored/fragment-line.ts";
import type { FragmentStore } from "../../src/workload/stored/fragments.ts";
import { fragmentKey } from "../../src/workload/stored/keys.ts";
import { emptyManifest } from "../../src/workload/stored/manifest.ts";
import { parseTime } from "../../src/workload/stored/time.ts";
import type { GeneratedRecord } from "../local-aws/logs/workload.ts";
import { type LocalAccount, localAwsUrl } from "../local-aws/test/client.ts";
import { textOfFragment } from "../support/stored-workload.ts";

/** An instance's log in the local AWS, as the follower reads it. */
export function logSource(account: LocalAccount, instance = account.instance): LogSource {
  const target: AwsTarget = { region: account.region, endpointUrl: localAwsUrl(), timeoutMs: 10_000 };
  return {
    kind: GENERAL,
    list: () => listLogFiles(target, account.credentials, instance, GENERAL.folder),
    portion: (file, marker, lines) =>
      downloadLogPortion(target, account.credentials, instance, file, {
        marker,
        ...(lines === undefined ? {} : { lines }),
      }),
  };
}

/** Log files that don't change, oldest first, each read in one portion. */
export function fixedLog(
  files: readonly { name: string; text: string | Uint8Array; lastWritten: number }[],
  kind: LogKind<ParsedAs> = GENERAL,
): LogSource<ParsedAs> {
  const encoder = new TextEncoder();
  const bytes = new Map(
    files.map(({ name, text }) => [name, typeof text === "string" ? encoder.encode(text) : text]),
  );
  return {
    kind,
    list: async () => ({
      ok: true,
      value: files.map(({ name, lastWritten }) => ({
        name,
        lastWritten,
        size: bytes.get(name)?.length ?? 0,
      })),
    }),
    portion: async (file, marker = "0") => {
      const all = bytes.get(file) ?? new Uint8Array(0);
      return {
        ok: true,
        value: { data: all.subarray(Number(marker)), marker: String(all.length), pending: false },
      };
    },
  };
}

/** Fragments in memory. */
export function memoryStore(): FragmentStore & { fragments: Map<number, Uint8Array> } {
  const fragments = new Map<number, Uint8Array>();
  return {
    fragments,
    read: async (sequence, bytes) => (fragments.get(sequence) as Uint8Array).slice(0, bytes),
    write: async (sequence, bytes) => void fragments.set(sequence, bytes.slice()),
  };
}

/** The records of stored fragments. */
export async function linesOf(
  store: { fragments: Map<number, Uint8Array> },
  count: number,
): Promise<StoredRecord[]> {
  const lines: StoredRecord[] = [];
  for (let sequence = 0; sequence < count; sequence++) {
    const bytes = store.fragments.get(sequence) as Uint8Array<ArrayBuffer>;
    const text = textOfFragment(bytes);
    for (const line of text.split("\n")) if (line !== "") lines.push(JSON.parse(line) as StoredRecord);
  }
  return lines;
}

/** What is stored of a capture in R2. */
export async function storedLines(
  captureId: number,
  fragments: number,
  log: LogName = "general",
): Promise<StoredRecord[]> {
  const stored = new Map<number, Uint8Array>();
  for (let sequence = 0; sequence < fragments; sequence++) {
    const object = await env.BUCKET.get(fragmentKey(captureId, sequence, log));
    stored.set(sequence, new Uint8Array(await (object as R2ObjectBody).arrayBuffer()));
  }
  return linesOf({ fragments: stored }, fragments);
}

/** What is compared of a record. */
interface ComparedRecord {
  timeMicros: number;
  threadId: number;
  command: string;
  statement: string;
}

const comparedText = ({ timeMicros, threadId, command, statement }: ComparedRecord): string =>
  `${timeMicros} ${threadId} ${command} ${statement}`;

/** Stored lines, for comparison with `shapesOfGenerated`. */
export function shapesOfLines(lines: readonly StoredRecord[]): string[] {
  return lines.map((line) => comparedText({ ...line, timeMicros: parseTime(line.time) }));
}

/** What a capture should store of a generated workload, as texts that can be compared: all but Amazon's own, no passwords. */
export function shapesOfGenerated(records: readonly GeneratedRecord[]): string[] {
  return records
    .filter(({ user }) => user !== "rdsadmin")
    .map((record) => comparedText({ ...record, statement: redactSecrets(record.statement) }));
}

/** A follower of one log, whose steps can be repeated from a state that was kept. */
export class TestFollower {
  readonly store = memoryStore();
  digests = new Digests();
  state!: FollowerState;
  readonly source: LogSource<ParsedAs>;
  readonly window: CaptureWindow;
  readonly minDurationMicros: number;

  constructor(source: LogSource<ParsedAs>, window: CaptureWindow, minDurationMicros = 0) {
    this.source = source;
    this.window = window;
    this.minDurationMicros = minDurationMicros;
  }

  async begin(isBackDated = false, redact: "secrets" | "literals" = "secrets"): Promise<this> {
    const manifest = emptyManifest(1, redact, this.source.kind.name, this.minDurationMicros);
    const begun = await beginFollowing(this.source, manifest, this.window, isBackDated);
    if (!begun.ok) throw new Error(begun.failure.message);
    this.state = begun.value;
    return this;
  }

  /** One step, whose state is kept as the runner keeps it. */
  async step(): Promise<boolean> {
    // As it comes back from storage.
    const digests = new Digests(JSON.parse(JSON.stringify(this.digests)));
    const stepped = await follow(
      structuredClone(this.state),
      { digests },
      this.source,
      this.store,
      async () => this.window,
    );
    if (!stepped.ok) throw new Error(stepped.failure.message);
    this.digests = digests;
    this.state = stepped.value.state;
    return stepped.value.caughtUp;
  }

  /** Steps until all that there is was read. */
  async catchUp(): Promise<this> {
    for (let i = 0; i < 500; i++) if (await this.step()) return this;
    throw new Error("The follower does not catch up");
  }

  lines(): Promise<StoredRecord[]> {
    return linesOf(this.store, this.state.manifest.fragments);
  }

  async statements(): Promise<string[]> {
    return (await this.lines()).map(({ statement }) => statement);
  }
}
