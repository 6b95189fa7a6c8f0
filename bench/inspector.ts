import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** V8's CPU profile, as far as it is read here. */
interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  /** In microseconds, one for each sample. */
  timeDeltas: number[];
}

const SAMPLING_MICROS = 200;

/**
 * Profiles a Worker while something runs.
 * @param url where its inspector listens
 */
export async function profile(url: URL, run: () => Promise<unknown>): Promise<Profile> {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`No inspector listens at ${url}`));
  });
  const waiting = new Map<number, (result: { profile: Profile }) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(result);
  };
  let id = 0;
  const call = (method: string, params = {}) =>
    new Promise<{ profile: Profile }>((resolve) => {
      waiting.set(++id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  await call("Profiler.enable");
  await call("Profiler.setSamplingInterval", { interval: SAMPLING_MICROS });
  await call("Profiler.start");
  await run();
  const { profile: found } = await call("Profiler.stop");
  socket.close();
  return found;
}

/** How long each part of a Worker took, in microseconds, the longest first. */
export function timesOf(
  { nodes, samples, timeDeltas }: Profile,
  main: string,
): [part: string, micros: number][] {
  const partOfLine = partsOf(main);
  const parts = new Map<number, string>();
  for (const { id, callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    if (basename(url) === basename(main)) parts.set(id, partOfLine(lineNumber));
    else parts.set(id, url.startsWith("cloudflare-internal:d1") ? "D1's client" : nativePart(functionName));
  }
  const times = new Map<string, number>();
  samples.forEach((sample, i) => {
    const part = parts.get(sample) as string;
    times.set(part, (times.get(part) ?? 0) + (timeDeltas[i] as number));
  });
  return [...times].filter(([part]) => part !== "(idle)").sort(([, a], [, b]) => b - a);
}

function nativePart(name: string): string {
  return name.startsWith("(") ? name : "workerd's own: fetch, Response, Headers, crypto, zlib, console";
}

/** Which source file a line of a bundle comes from: esbuild writes it in a comment before each. */
function partsOf(main: string): (line: number) => string {
  let part = "the bundle's beginning";
  const parts = readFileSync(main, "utf8")
    .split("\n")
    .map((line) => {
      const [, file] = /^\s*\/\/ ((?:\.\.\/)*(?:src|bench|node_modules)\/\S+)$/.exec(line) ?? [];
      if (file !== undefined) part = file.replace(/^.*node_modules\/((?:@[^/]+\/)?[^/]+)\/.*$/, "$1");
      return part;
    });
  return (line) => parts[line] ?? part;
}
