import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { startLocalAws } from "../test/local-aws/server.ts";
import { ensureDemo } from "./lib/demo.ts";
import { type DevOptions, devOptions, type ServerLogs } from "./lib/dev-options.ts";
import { DEMO, LOCAL_AWS } from "./lib/local.ts";
import { tryPort } from "./lib/ports.ts";
import { ensureSecrets } from "./lib/secrets.ts";
import { holdState, persistTo, runningService } from "./lib/state.ts";
import { quiet } from "./lib/wrangler.ts";

/*
 * `npm run dev`: the service on this machine, whole. A local D1 with the migrations applied, local secrets, the local AWS,
 * `wrangler dev`, the minute's cron, and a demo account with an environment. Ctrl-C ends all of it. With `--general-log FILE`
 * and `--slow-log FILE` the local AWS serves a real server's logs; with `--aurora` there are environments of an Aurora cluster's
 * writer and reader; with AWS_ENDPOINT_URL a local AWS that runs already is used, and left running.
 */

const children = new Set<ChildProcess>();
let stopping = false;

function wrangler(args: string[], stdout: "inherit" | "ignore"): ChildProcess {
  const child = spawn("wrangler", args, { stdio: ["ignore", stdout, "inherit"], env: quiet });
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

/** The port that a variable names, which has to be free. */
async function freePort(name: string, otherwise: number): Promise<number> {
  const value = Number(process.env[name] ?? otherwise);
  if (!(Number.isInteger(value) && value > 0 && value < 65_536)) {
    end(`${name} must be a port number, not ${JSON.stringify(process.env[name])}`);
  }
  await tryPort(value).catch((error: Error) =>
    end(`Port ${value} can't be used (${error.message}): end what uses it, or choose another with ${name}`),
  );
  return value;
}

function end(problem: string): never {
  console.error(`\n${problem}`);
  for (const child of children) child.kill();
  process.exit(1);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    stopping = true;
    for (const child of children) child.kill();
    // The exit of wrangler ends this process, below; it may take a moment to put its state on disk.
    setTimeout(() => process.exit(0), 5000).unref();
    if (children.size === 0) process.exit(0);
  });
}

const { aurora, ...realLogs } = givenOptions();
const hasRealLog = Object.values(realLogs).some((file) => file !== undefined);
const runningAws = runningAwsUrl();
const port = await freePort("PORT", 8787);
const awsPort = runningAws === undefined ? await freePort("AWS_PORT", 4566) : undefined;
const address = `http://localhost:${port}`;
const runsAlready = runningService();
if (runsAlready !== null) {
  end(
    `The service is running on the data in ${persistTo} already (process ${runsAlready}); PERSIST_TO chooses other data`,
  );
}
holdState();
ensureSecrets();

const migrations = wrangler(
  ["d1", "migrations", "apply", "DB", "--local", "--persist-to", persistTo],
  "ignore",
);
const [migrated] = await once(migrations, "exit");
if (stopping) process.exit(0);
if (migrated !== 0) end("The migrations could not be applied; `npm run reset` makes an empty database");

const awsUrl = runningAws ?? (await startAws(awsPort as number));
const variables = {
  AWS_ENDPOINT_URL: awsUrl,
  AWS_ACCESS_KEY_ID: LOCAL_AWS.worker.accessKeyId,
  AWS_SECRET_ACCESS_KEY: LOCAL_AWS.worker.secretAccessKey,
  SIGN_UP: "open",
  AUTH_RATE_LIMIT_MAX: "1000",
  ...fromEnvironment("OIDC_PROVIDERS", "SIGN_IN"),
  // So that a receiver on this machine can be tried.
  WEBHOOK_LOOPBACK: "true",
};
const service = wrangler(
  [
    "dev",
    ...[
      "--port",
      String(port),
      "--inspector-port",
      "0",
      "--persist-to",
      persistTo,
      "--show-interactive-dev-session=false",
    ],
    ...Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
  ],
  "inherit",
);
service.once("exit", (code) => process.exit(stopping ? 0 : (code ?? 1)));

await answering();
// The demo account has a password.
if (process.env.SIGN_IN !== "sso") {
  await ensureDemo(address, awsUrl, { mariadb: hasRealLog, aurora }).catch((error: Error) =>
    end(`The demo could not be set up: ${error.message}`),
  );
}
everyMinute();

console.log(`
Captures runs on ${address}

  Demo sign-in   ${DEMO.email} / ${DEMO.password}
  API reference  ${address}/docs
  Local AWS      ${awsUrl}/_local/${logLines(realLogs)}${aurora ? `\n  Aurora         ${LOCAL_AWS.aurora.writer}, ${LOCAL_AWS.aurora.reader} (environments "aurora-writer", "aurora-reader")` : ""}

Try, in another terminal:

  curl -c cookies -H 'Content-Type: application/json' ${address}/api/auth/sign-in/email \\
    -d '{"email":"${DEMO.email}","password":"${DEMO.password}"}'
  curl -b cookies -H 'Content-Type: application/json' ${address}/api/captures \\
    -d '{"name":"my first capture","envId":1,"duration":60}'
  curl -b cookies ${address}/api/captures

Ctrl-C ends it; the data stays until \`npm run reset\`.
`);

function givenOptions(): DevOptions {
  try {
    return devOptions(process.argv.slice(2));
  } catch (error) {
    return end((error as Error).message);
  }
}

/** What is said of the logs of a real server. */
function logLines({ generalLog, slowLog }: ServerLogs): string {
  const line = (title: string, file: string | undefined) =>
    file === undefined
      ? ""
      : `\n  ${title.padEnd(14)} ${file}, as that of ${LOCAL_AWS.mariadb} (environment "mariadb")`;
  return line("General log", generalLog) + line("Slow query log", slowLog);
}

/** The local AWS that AWS_ENDPOINT_URL names, if it does. */
function runningAwsUrl(): string | undefined {
  const url = process.env.AWS_ENDPOINT_URL;
  if (url === undefined || url === "") return undefined;
  if (!URL.canParse(url)) end(`AWS_ENDPOINT_URL must be an address, not ${JSON.stringify(url)}`);
  if (hasRealLog) {
    end(
      "--general-log and --slow-log are for the local AWS that this starts: give them to the one at AWS_ENDPOINT_URL instead",
    );
  }
  return url;
}

async function startAws(on: number): Promise<string> {
  const aws = await startLocalAws({ port: on, persistTo, ...realLogs });
  return aws.url;
}

/** Waits until the service answers: 401 is an answer. */
async function answering(): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const reply = await fetch(`${address}/api/captures`).catch(() => null);
    if (reply?.status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  end(`Nothing answers on ${address}`);
}

/** wrangler dev does not run crons by itself. */
function everyMinute(): void {
  setTimeout(
    () => {
      const minute = new Date().toISOString().slice(11, 16);
      const crons = minute === "03:17" ? ["* * * * *", "17 3 * * *"] : ["* * * * *"];
      for (const cron of crons) {
        fetch(`${address}/cdn-cgi/local/scheduled?${new URLSearchParams({ cron })}`).catch((error: Error) => {
          if (!stopping) console.error(`The cron ${cron} could not be run: ${error.message}`);
        });
      }
      everyMinute();
    },
    60_000 - (Date.now() % 60_000),
  );
}

/** The variables of these names that the environment sets. */
function fromEnvironment(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
