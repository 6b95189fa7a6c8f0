import { type CaptureStatus, CapturesError, createClient, type WebSocketClass } from "@captures/client";
import { createAccountClient } from "@captures/client/account";

/*
 * A program of somebody who has installed the package: it uses each part of it, and only what every platform has. It is compiled with
 * several settings of TypeScript, and run on all platforms.
 */

/** What the program is told. */
export interface Told {
  address: string;
  /** An API key; none in a browser, which has the session's cookie. */
  key?: string;
  /** The name of the capture that it makes. */
  name: string;
  /** Who can sign in. */
  email: string;
  password: string;
}

/** What the program has found. */
export interface Found {
  /** How many records the finished capture has, by its workload, page by page, and of the download. */
  records: [counted: number, paged: number, downloaded: number];
  /** How many bytes a download of the same has as text. */
  bytes: number;
  /** The states that the capture was seen in while it was watched. */
  watched: CaptureStatus[];
  /** How many messages have come by a WebSocket; null where sockets are opened in another way. */
  messages: number | null;
  /** The status of the refusal of what is not there. */
  refused: number | null;
  /** Who was signed in, before and after signing out. */
  users: (string | null)[];
  /** What else was asked for, by how many there are. */
  counts: Record<string, number>;
}

/** Counts the messages of the platform's sockets. */
function countingSockets(): { webSocket?: WebSocketClass; messages: () => number | null } {
  if (!("WebSocket" in globalThis) || "WebSocketPair" in globalThis) return { messages: () => null };
  let count = 0;
  const Platform = globalThis.WebSocket;
  class Counting extends Platform {
    constructor(address: string, options?: never) {
      super(address, options);
      this.addEventListener("message", () => count++);
    }
  }
  return { webSocket: Counting, messages: () => count };
}

/** Uses the package. */
export async function use({ address, key, name, email, password }: Told): Promise<Found> {
  const { webSocket, messages } = countingSockets();
  const client = createClient({ baseUrl: address, apiKey: key, webSocket });
  const { captures, environments, members } = client;
  const counts: Record<string, number> = { healthy: (await client.health()).status === "ok" ? 1 : 0 };

  const [environment] = await environments.list();
  if (environment === undefined) throw new Error("There is no environment");
  counts.members = (await members.list(environment.id)).length;
  counts.checks = (await environments.get(environment.id)).checks.length;

  const ended: number[] = [];
  for await (const { id, status } of captures.list({ sort: "created", limit: 1 })) {
    if (status === "DONE") ended.push(id);
    if (ended.length === 2) break;
  }
  const [finished, another] = ended;
  if (finished === undefined || another === undefined) throw new Error("There are no two finished captures");
  const workload = await captures.workload(finished);
  let [paged, downloaded, bytes] = [0, 0, 0];
  for await (const { statement } of captures.records(finished, { limit: 500 }))
    if (statement !== null) paged++;
  for await (const { threadId } of captures.downloadRecords(finished)) if (threadId !== null) downloaded++;
  const reader = (await captures.download(finished, { format: "log" })).body?.getReader();
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read())
    bytes += read.value.length;
  const [digest] = await captures.digest(finished, { limit: 1, order: "calls" });
  counts.calls = digest?.count ?? 0;
  counts.statement = (await captures.statement(finished, digest?.fingerprint ?? "")).count;
  counts.points = (await captures.series(finished, { step: 60 })).points.length;
  counts.events = (await captures.events(finished)).length;
  const comparison = await captures.compare(another, finished, { minChange: 0 });
  counts.compared = comparison.new.length + comparison.changed.length;
  counts.report = (await captures.report(finished, { format: "md" })).length;
  counts.csv = (await captures.csv(finished, "digest", {})).length;

  const made = await captures.create({ name, envId: environment.id, duration: 3600, log: "general" });
  const progress: CaptureStatus[] = [];
  await captures.waitUntil(made.id, "RUNNING", {
    onProgress: ({ capture }) => progress.push(capture.status),
  });
  const watched = new Set<CaptureStatus>();
  for await (const { capture } of captures.watch(made.id)) {
    if (watched.size === 0) await captures.stop(made.id);
    watched.add(capture.status);
  }
  counts.progress = progress.length;
  await captures.delete(made.id);

  const refused = await captures.get(999_999).then(
    () => null,
    (error: unknown) => (error instanceof CapturesError ? error.status : null),
  );

  const account = createAccountClient({ baseUrl: address });
  await account.signIn({ email, password });
  const users = [(await account.user())?.email ?? null];
  counts.keys = (await account.listKeys()).length;
  await account.signOut();
  users.push((await account.user())?.email ?? null);
  return {
    records: [workload.records, paged, downloaded],
    bytes,
    watched: [...watched],
    messages: messages(),
    refused,
    users,
    counts,
  };
}
