import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { check, report } from "./lib/checks.ts";
import { quiet } from "./lib/wrangler.ts";

/*
 * `npm run check:deploy`: what `npm run deploy` would deploy, without an account and without deploying it. Closes with
 * `N passed, N failed`.
 */

/** The largest Worker, compressed, on Cloudflare's free plan; the paid plan has ten times as much. */
const MAX_GZIP_KIB = 3 * 1024;

/** As much of Wrangler's configuration as is looked at here; its own types need packages that it does not bring along. */
interface Config {
  vars: Record<string, unknown>;
  secrets?: { required?: string[] };
  d1_databases: { binding: string; database_id?: string }[];
  r2_buckets: { binding: string }[];
  queues: { producers: { binding: string }[] };
  durable_objects: { bindings: { name: string }[] };
  ratelimits: { name: string; namespace_id: string; simple: { limit: number; period: number } }[];
  limits?: { cpu_ms?: number };
  alias?: Record<string, string>;
  [setting: string]: unknown;
}

const local: Config = readConfig({ config: "wrangler.toml" });
const production: Config = readConfig({ config: "wrangler.toml", env: "production" });

await check("production has every binding and setting that the tests have", sameSettings);
await check("production has every variable and secret that the types ask for", allVariables);
await check("the variables say what the rate limiters let through in a minute", saidLimits);
await check("the variable says how much CPU a request may take", saidCpu);
await check("wrangler deploy --dry-run --env production --minify", smallEnough);
await check("each module that stands in for another is imported in the bundle", standIns);
await check(
  "GitHub's workflow runs actions of one commit each, and images of one digest, which nobody can move",
  pinnedActions,
);
report();

function pinnedActions(): void {
  const workflow = readFileSync(".github/workflows/ci.yml", "utf8");
  const used = [...workflow.matchAll(/\buses: (.*)$/gm)].map(([, action]) => action as string);
  const loose = used.filter((action) => !/^[\w/-]+@[0-9a-f]{40} # v\d/.test(action));
  const images = [...workflow.matchAll(/\b(?:container|image): (.*)$/gm)].map(([, image]) => image as string);
  loose.push(...images.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image)));
  if (used.length === 0 || loose.length > 0)
    throw new Error(`Not pinned: ${loose.join(", ") || "nothing used"}`);
}

/** What may differ between the environments: names, what a local run does not need, rate limits, and whether mail is sent. */
function comparable(config: Config): Record<string, unknown> {
  const {
    targetEnvironment,
    route,
    routes,
    workers_dev,
    send_email,
    secrets,
    vars,
    d1_databases,
    ratelimits,
    ...others
  } = config;
  return {
    ...others,
    vars: Object.keys(vars).sort(),
    ratelimits: ratelimits.map(({ simple, ...limiter }) => limiter),
    d1_databases: d1_databases.map(({ database_id, ...database }) => database),
  };
}

function sameSettings(): void {
  const [one, two] = [comparable(local), comparable(production)];
  const names = Object.keys({ ...one, ...two });
  const different = names.filter((name) => !isDeepStrictEqual(one[name], two[name]));
  if (different.length > 0) {
    throw new Error(`wrangler.toml has others under [env.production] than above it: ${different.join(", ")}`);
  }
}

function saidLimits(): void {
  for (const { vars, ratelimits } of [local, production]) {
    for (const { name, simple } of ratelimits) {
      const variable = name.replace(/ER$/, "");
      const said = Number(vars[variable]);
      if (simple.period !== 60 || simple.limit !== said)
        throw new Error(
          `${name} lets ${simple.limit} through in ${simple.period} s, ${variable} says ${said}`,
        );
    }
  }
}

function saidCpu(): void {
  for (const { vars, limits } of [local, production]) {
    if (limits?.cpu_ms !== Number(vars.CPU_LIMIT_MS))
      throw new Error(
        `A request may take ${limits?.cpu_ms} ms of CPU, CPU_LIMIT_MS says ${vars.CPU_LIMIT_MS}`,
      );
  }
}

function allVariables(): void {
  // An optional one has a question mark; a secret is optional in the generated types and not in src/env.ts.
  const needed = [
    declared("worker-configuration.d.ts", "__BaseEnv_Env"),
    declared("src/env.ts", "Env"),
  ].flat();
  const there = new Set([
    ...Object.keys(production.vars),
    ...(production.secrets?.required ?? []),
    ...[...production.durable_objects.bindings, ...production.ratelimits].map(({ name }) => name),
    ...[...production.d1_databases, ...production.r2_buckets, ...production.queues.producers].map(
      ({ binding }) => binding,
    ),
  ]);
  const missing = needed.filter((name) => !there.has(name));
  if (missing.length > 0) throw new Error(`Missing under [env.production]: ${missing.join(", ")}`);
}

/** The names of the bindings, variables and secrets that an interface in a file declares and that are not optional. */
function declared(file: string, name: string): string[] {
  const body =
    new RegExp(`interface ${name} \\{(.*?)\\n\\s*\\}`, "s").exec(readFileSync(file, "utf8"))?.[1] ?? "";
  const names = [...body.matchAll(/^\s+([A-Z][A-Z0-9_]*): /gm)].map(([, found]) => found as string);
  if (names.length === 0) throw new Error(`${file} could not be read`);
  return names;
}

async function smallEnough(): Promise<void> {
  await dryRun([], (stdout) => {
    const size = Number(/gzip: ([\d.]+) KiB/.exec(stdout)?.[1]);
    if (!(size < MAX_GZIP_KIB)) throw new Error(`The Worker is ${size} KiB packed, of ${MAX_GZIP_KIB}`);
  });
}

/** As much of what esbuild says of a bundle as is looked at here: which file imports which, by which specifier. */
interface Metafile {
  inputs: Record<string, { imports: { path: string; original?: string }[] }>;
}

/**
 * Wrangler puts a file of `[alias]` wherever its specifier is imported. So one that a new version of a dependency does not import
 * any more is no use, and one that several packages import may be wrong for some of them.
 */
async function standIns(): Promise<void> {
  await dryRun(["--metafile"], (_, folder) => {
    const { inputs } = JSON.parse(readFileSync(join(folder, "bundle-meta.json"), "utf8")) as Metafile;
    for (const [specifier, file] of Object.entries(local.alias ?? {})) {
      const importers = Object.entries(inputs).filter(([, { imports }]) =>
        imports.some(({ path, original }) => original === specifier && path === normalize(file)),
      );
      const packages = new Set(importers.map(([path]) => packageOf(path)));
      if (packages.size === 0) throw new Error(`Nothing imports ${specifier}`);
      if (specifier.startsWith(".") && packages.size > 1)
        throw new Error(`${specifier} is imported by ${[...packages].join(", ")}`);
    }
  });
}

/** The package that a file in `node_modules` belongs to. */
function packageOf(path: string): string {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path;
}

/** Makes the bundle that a deployment would upload, and says what Wrangler printed, and which folder it is in. */
async function dryRun(more: string[], inspect: (stdout: string, folder: string) => void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "captures-deploy-"));
  try {
    const { stdout } = await promisify(execFile)(
      "wrangler",
      ["deploy", "--dry-run", "--env", "production", "--minify", "--outdir", folder, ...more],
      { env: { ...quiet, NO_COLOR: "1" } },
    );
    inspect(stdout, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
