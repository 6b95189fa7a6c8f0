import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";
import { quiet } from "../scripts/lib/wrangler.ts";
import { Database } from "./database.ts";

/*
 * Runs Workers in one workerd process, each on a socket of its own: a request goes straight to the Worker, without the proxies
 * of `wrangler dev` and without Miniflare's own entry Worker.
 */

/** The secrets of a Worker that nobody else reaches. */
export const SECRETS = {
  BETTER_AUTH_SECRET: "only-for-measuring-0123456789abcdef0123456789abcdef",
  CREDENTIALS_KEYS: `bench:${Buffer.alloc(32, 7).toString("base64")}`,
};

/** More than any measure sends: rate limits are not measured. */
const UNLIMITED = 1e9;
const LIMITS = {
  AUTH_RATE_LIMIT_MAX: String(UNLIMITED),
  SIGN_IN_LIMIT: String(UNLIMITED),
  WRITE_LIMIT: String(UNLIMITED),
  REQUEST_LIMIT: String(UNLIMITED),
  COSTLY_LIMIT: String(UNLIMITED),
  MAX_LIVE_CAPTURES: String(UNLIMITED),
};

/** The lab with the fragments of a log in memory. */
export const LAB_WITHOUT_R2 = "bench/worker/lab-without-r2.ts";

/** A lab to run: its bundle, and the wrangler.toml that it was made by. */
export interface Lab {
  bundle: string;
  config: string;
}

/** A Worker to run. */
export interface WorkerSpec {
  name: string;
  /** What `bundle()` returned. */
  bundle: string;
  /** The wrangler.toml that it is run by; this checkout's unless another is named. */
  config?: string;
  /** Which local database each binding is; those with the same name are one. */
  databases: Record<string, string>;
  /** Variables over those of wrangler.toml. */
  variables?: Record<string, string>;
  /** The Worker that has the class `CaptureRunner`; this one unless another is named. */
  runner?: { className: string; scriptName?: string };
}

const run = promisify(execFile);
/** The Worker of the bench's own that gives access to the databases. */
const SQL = "sql";
const DIRECT = { host: "127.0.0.1", port: 0 };

/**
 * Bundles a Worker as a deployment does: wrangler, minified unless it is to be read.
 * @param root the checkout that has the Worker and the wrangler to bundle it with
 * @returns the main module; the folder has the others
 */
export async function bundle(
  entry: string,
  folder: string,
  { isMinified = true, root = "." }: { isMinified?: boolean; root?: string } = {},
): Promise<string> {
  const outdir = join(folder, entry.replaceAll(/[^a-z]/g, "-"));
  const { assets } = unstable_readConfig({ config: join(root, "wrangler.toml") });
  // Static assets are not part of a bundle, and need not be built.
  if (assets?.directory !== undefined) mkdirSync(resolve(root, assets.directory), { recursive: true });
  const args = ["--env", "", "--dry-run", ...(isMinified ? ["--minify"] : []), "--outdir", outdir];
  await run(resolve(root, "node_modules/.bin/wrangler"), ["deploy", entry, ...args], {
    env: quiet,
    cwd: root,
  });
  return join(outdir, `${basename(entry, ".ts")}.js`);
}

/** Linux's file system in memory, and what there has to be room for: 5,000 databases are about a tenth of it. */
const IN_MEMORY = "/dev/shm";
const ROOM_BYTES = 2 ** 30;

const scratch: string[] = [];
process.once("exit", () => {
  for (const folder of scratch) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder for a measure, removed when the process ends. */
export function scratchFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, "captures-bench-"));
  scratch.push(folder);
  return folder;
}

/** The same in memory: nothing waits for a disk. @throws Error when there is no room */
export function memoryFolder(): string {
  const { bavail, bsize } = statfsSync(IN_MEMORY);
  const free = bavail * bsize;
  if (free < ROOM_BYTES) {
    const mib = (bytes: number) => Math.floor(bytes / 2 ** 20);
    throw new Error(`${IN_MEMORY} has ${mib(free)} MiB free, and has to have ${mib(ROOM_BYTES)}`);
  }
  return scratchFolder(IN_MEMORY);
}

/** Workers that run. */
export class Workerd {
  readonly #miniflare: Miniflare;
  readonly #pid: number;
  readonly #addresses: ReadonlyMap<string, string>;

  private constructor(miniflare: Miniflare, pid: number, addresses: ReadonlyMap<string, string>) {
    this.#miniflare = miniflare;
    this.#pid = pid;
    this.#addresses = addresses;
  }

  /**
   * Starts Workers, their data in `folder`.
   * @param isInspected whether V8's inspector can be connected to, which costs a little
   * @param isCollectable whether Workers can have garbage collected: each has a global function `gc`
   */
  static async start(
    specs: readonly WorkerSpec[],
    folder: string,
    { isInspected = false, isCollectable = false } = {},
  ): Promise<Workerd> {
    const before = new Set(workerdChildren());
    process.env.MINIFLARE_WORKERD_PATH = silentWorkerd();
    process.env.MINIFLARE_WORKERD_V8_FLAGS = isCollectable ? "--expose-gc" : "";
    const options = convertV4MiniflareOptions({
      rootPath: resolve("."),
      resourcePersistencePath: join(folder, "state"),
      log: new Log(LogLevel.ERROR),
      logRequests: false,
      cf: false,
      ...(isInspected ? { inspectorPort: 0 } : {}),
      workers: [...specs.map(workerOptions), sqlWorker(specs)],
    });
    const miniflare = new Miniflare(options);
    await miniflare.ready;
    const [pid] = workerdChildren().filter((child) => !before.has(child));
    if (pid === undefined) throw new Error("There is no workerd among the children of this process");
    const addresses = new Map<string, string>();
    for (const name of [...specs.map((spec) => spec.name), SQL])
      addresses.set(name, (await miniflare.unsafeGetDirectURL(name)).origin);
    return new Workerd(miniflare, pid, addresses);
  }

  /** Where a Worker listens, without a slash at the end. */
  address(name: string): string {
    const address = this.#addresses.get(name);
    if (address === undefined) throw new Error(`No Worker is called ${name}`);
    return address;
  }

  /** Where the databases that the Workers are bound to can be asked (bench/worker/sql.js). */
  get databasesAddress(): string {
    return this.address(SQL);
  }

  /** One of the databases that the Workers are bound to, by its own name. */
  database(name: string): Database {
    return new Database(this.address(SQL), name);
  }

  /** The CPU time that the threads of the process have used so far, in milliseconds. */
  cpuMs(): number {
    const folder = `/proc/${this.#pid}/task`;
    const nanoseconds = readdirSync(folder).map((thread) =>
      Number(readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ")[0]),
    );
    return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
  }

  /** The memory of the process in MiB: now, and the most since the process began, or since `forgetPeak()`. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.#pid}/status`, "utf8");
    const mib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
    return { now: mib("VmRSS"), peak: mib("VmHWM") };
  }

  /** Has the peak of the memory begin anew, by Linux's `clear_refs`. */
  forgetPeak(): void {
    writeFileSync(`/proc/${this.#pid}/clear_refs`, "5");
  }

  /** How many files and connections the process has open. */
  openFiles(): number {
    return readdirSync(`/proc/${this.#pid}/fd`).length;
  }

  /** Runs a cron of the Worker. */
  async scheduled(name: string, cron = "* * * * *"): Promise<void> {
    const worker = await this.#miniflare.getWorker(name);
    const { outcome } = await worker.scheduled({ cron });
    if (outcome !== "ok") throw new Error(`The cron of ${name} came to ${outcome}`);
  }

  /** Where V8's inspector of a Worker listens, if it was asked for. */
  async inspectorUrl(name: string): Promise<URL> {
    const url = await this.#miniflare.getInspectorURL();
    url.pathname = `/core:user:${name}`;
    return url;
  }

  stop(): Promise<void> {
    return this.#miniflare.dispose();
  }
}

/**
 * A program that is workerd with nobody to read what the Workers log. On the platform, a collector does so elsewhere; here it
 * would be this process, by a pipe, instead of sending the load.
 */
function silentWorkerd(): string {
  const { default: binary } = createRequire(createRequire(import.meta.url).resolve("miniflare"))(
    "workerd",
  ) as {
    default: string;
  };
  const program = join(scratchFolder(), "workerd");
  writeFileSync(program, `#!/bin/sh\nexec '${binary}' "$@" > /dev/null\n`, { mode: 0o755 });
  return program;
}

/** The Worker as wrangler.toml says, but for what a measure says otherwise. */
function workerOptions(spec: WorkerSpec): V4WorkerOptions {
  const { name, bundle: main, config = "wrangler.toml", databases, variables, runner } = spec;
  const service = unstable_getMiniflareWorkerOptions(config).workerOptions as V4WorkerOptions;
  // Miniflare puts a proxy before a Worker that has static assets, and lets a queue have one consumer among all Workers.
  const {
    assets: _,
    modulesRules: __,
    queueConsumers: ___,
    durableObjects,
    bindings,
    ratelimits = {},
    ...rest
  } = service;
  return {
    ...rest,
    name,
    modules: modulesOf(main),
    modulesRoot: dirname(main),
    bindings: { ...bindings, ...SECRETS, ...LIMITS, ...variables },
    ratelimits: Object.fromEntries(
      Object.entries(ratelimits).map(([binding, limiter]) => [
        binding,
        { ...limiter, simple: { ...limiter.simple, limit: UNLIMITED } },
      ]),
    ),
    durableObjects: {
      ...durableObjects,
      CAPTURE_RUNNER: { className: "CaptureRunner", useSQLite: true, ...runner },
    },
    d1Databases: databases,
    r2Buckets: { BUCKET: `${name}-bucket` },
    unsafeDirectSockets: [DIRECT],
  };
}

/** Runs SQL on any of the databases. */
function sqlWorker(specs: readonly WorkerSpec[]): V4WorkerOptions {
  const names = specs.flatMap(({ databases }) => Object.values(databases));
  return {
    name: SQL,
    modules: [{ type: "ESModule", path: resolve("bench/worker/sql.js") }],
    modulesRoot: resolve("bench/worker"),
    compatibilityDate: "2026-10-20",
    d1Databases: Object.fromEntries(names.map((name) => [name, name])),
    unsafeDirectSockets: [DIRECT],
  };
}

const MODULE_TYPES = { ".js": "ESModule", ".wasm": "CompiledWasm", ".bin": "Data" } as const;

/** The files of a bundle, the main module first. */
export function modulesOf(
  main: string,
): { type: "ESModule" | "CompiledWasm" | "Data" | "Text"; path: string }[] {
  const others = readdirSync(dirname(main)).filter(
    (file) => file !== basename(main) && file !== "README.md" && extname(file) !== ".map",
  );
  return [basename(main), ...others].map((file) => ({
    type: MODULE_TYPES[extname(file) as keyof typeof MODULE_TYPES] ?? "Text",
    path: join(dirname(main), file),
  }));
}

/** The workerd processes that this process has started, and that have not ended. */
function workerdChildren(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
        return name === "workerd" && Number(rest?.split(" ")[1]) === process.pid;
      } catch {
        // Ended meanwhile.
        return false;
      }
    });
}
