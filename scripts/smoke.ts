import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { check, report } from "./lib/checks.ts";
import { tryPort } from "./lib/ports.ts";
import { startService, stopGroup } from "./lib/service.ts";
import { differences } from "./lib/shape.ts";
import { type PageCommand, readPageCommands, readTour, TOUR_PAGE, type TourStep } from "./lib/tour.ts";

/*
 * `npm run smoke`: starts `npm run dev` on free ports with data of its own, walks through the tour of the docs command by
 * command and compares each reply with the one printed there, runs what else the pages ask of the local service, kills the
 * service with -9 while a capture starts and while it runs, starts it again, and ends it. Closes with `N passed, N failed`;
 * `--print` prints the replies of the tour instead, for its page.
 */

const run = promisify(execFile);
/** The addresses that the pages name. */
const PAGES_ADDRESS = "http://localhost:8787";
const PAGES_AWS_ADDRESS = "http://localhost:4566";

const folder = mkdtempSync(join(tmpdir(), "captures-smoke-"));
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const address = `http://localhost:${port}`;
const environment = { PORT: String(port), AWS_PORT: String(awsPort), PERSIST_TO: join(folder, "state") };

let service = await startService(environment);
try {
  if (process.argv.includes("--print")) {
    for (const { command } of readTour()) console.log(`$ ${command}\n${await walk(command)}\n`);
  } else {
    for (const step of readTour()) await check(step.command.split("\n")[0] as string, () => tourStep(step));
    for (const command of readPageCommands())
      await check(`${command.page}: ${command.command.split("\n")[0]}`, () => pageCommand(command));
    await check("the API's reference is a page of the service's own files", servesReference);
    await check("a sign-out without a body ends the session", signsOut);
    await check("every path below /api, and /api itself, is answered in JSON", answersInJson);
    await check("a kill -9 while a capture starts, and one amid it, lose nothing", survivesKill);
    await check("Ctrl-C ends all of it", endsCleanly);
  }
} finally {
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
report();

async function tourStep({ command, reply }: TourStep): Promise<void> {
  const problems = differences(JSON.parse(reply), JSON.parse(await walk(command)));
  if (problems.length > 0)
    throw new Error(`The reply is not as ${TOUR_PAGE} shows it: ${problems.join("; ")}`);
}

/** Runs a block of a page: it has to succeed, and nothing that it asks may be refused. */
async function pageCommand({ command }: PageCommand): Promise<void> {
  // What a failing jq says would else be lost in its pipe.
  if (/\| jq /.test(command)) {
    const printed = await walk(`set -euo pipefail\ncommand -v jq >&2 || exit 127\n${command}`);
    if (printed === "") throw new Error("jq found nothing");
    return;
  }
  // Not every machine has this reader of a download.
  const withoutReader = command.replaceAll(/\| pt-query-digest.*/g, "| tail -n 1");
  const printed = await walk(`set -eu\n${withoutReader}`);
  if (/"code": ?[45]\d\d/.test(printed)) throw new Error(`It was refused: ${printed.slice(0, 300)}`);
}

async function walk(command: string): Promise<string> {
  const here = command
    .replaceAll(PAGES_ADDRESS, address)
    .replaceAll(PAGES_AWS_ADDRESS, `http://localhost:${awsPort}`);
  const { stdout } = await run("bash", ["-c", here], { cwd: folder });
  return stdout;
}

/** Asks for all that the page at /docs is made of, and for what of other hosts it could ask. */
async function servesReference(): Promise<void> {
  const page = await fetch(`${address}/docs`);
  if (!/default-src 'none'; script-src 'self'/.test(page.headers.get("content-security-policy") ?? "")) {
    throw new Error("The page may run what is not the service's");
  }
  const html = await page.text();
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file as string);
  for (const file of files.filter((name) => !name.startsWith("data:"))) {
    const url = new URL(file, page.url);
    if (url.origin !== address) throw new Error(`The page asks ${url.origin} for a file`);
    const reply = await fetch(url);
    if (!reply.ok) throw new Error(`${file} answered ${reply.status}`);
  }
  const { openapi } = (await (await fetch(`${address}/openapi.json`)).json()) as { openapi?: string };
  if (openapi !== "3.1.0") throw new Error(`It is no OpenAPI 3.1 but ${openapi}`);
}

/** Signs somebody new up, and out again without a body, by fetch and by curl: over HTTP both send an empty one. */
async function signsOut(): Promise<void> {
  const sender = {
    fetch: async (path: string, cookie: string) =>
      (await fetch(`${address}${path}`, { method: "POST", headers: { cookie } })).status,
    curl: async (path: string, cookie: string) =>
      Number(
        await walk(
          `curl -sS -o /dev/null -w '%{http_code}' -X POST -H 'Cookie: ${cookie}' ${address}${path}`,
        ),
      ),
  };
  for (const send of Object.values(sender)) {
    for (const path of ["/sign-out", "/revoke-other-sessions", "/revoke-sessions"]) {
      const cookie = await signUp();
      const status = await send(`/api/auth${path}`, cookie);
      if (status !== 200) throw new Error(`${path} answered ${status}`);
      const { status: after } = await fetch(`${address}/api/captures`, { headers: { cookie } });
      const expected = path === "/revoke-other-sessions" ? 200 : 401;
      if (after !== expected) throw new Error(`After ${path}, the session's cookie is answered ${after}`);
    }
  }
}

/** Signs somebody new up, and gives the session's cookie. */
async function signUp(): Promise<string> {
  const reply = await fetch(`${address}/api/auth/sign-up/email`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      name: "Smoke",
      email: `${crypto.randomUUID()}@example.com`,
      password: "a long password",
    }),
  });
  const [cookie = ""] = (reply.headers.get("set-cookie") ?? "").split(";");
  if (!reply.ok) throw new Error(`The sign-up answered ${reply.status}`);
  return cookie;
}

async function answersInJson(): Promise<void> {
  for (const path of ["/api", "/api/", "/api/nope"]) {
    const reply = await fetch(`${address}${path}`);
    const { message } = (await reply.json()) as { message?: string };
    if (reply.status !== 404 || message !== "No such path")
      throw new Error(`${path} answered ${reply.status}`);
  }
}

/** Makes a capture, kills everything while it starts and while it runs, and waits for it to end on time nevertheless. */
async function survivesKill(): Promise<void> {
  const json = "-H 'Content-Type: application/json'";
  const made = JSON.parse(
    await walk(
      `curl -sS -b cookies ${address}/api/captures ${json} -d '{"name":"survivor","envId":1,"duration":60}'`,
    ),
  ) as { id: number };
  // The local AWS dies too, which may have been told to log by then, or not. A busy machine may see it run already.
  let restarted = 0;
  for (const states of [["STARTING", "RUNNING"], ["RUNNING"]]) {
    await waitFor(made.id, ...states);
    await stopGroup(service, "SIGKILL");
    service = await startService(environment);
    restarted = Date.now();
  }
  const { end, scheduledEnd } = await waitFor(made.id, "DONE");
  if (end !== scheduledEnd) throw new Error(`It ended at ${end}, not at ${scheduledEnd}`);
  // The database was still told to log, and what it logged since was read.
  const { lastRecord } = JSON.parse(
    await walk(`curl -sS -b cookies ${address}/api/captures/${made.id}/workload`),
  ) as { lastRecord: string | null };
  if (!(Date.parse(lastRecord ?? "") >= restarted)) {
    throw new Error(
      `It was killed until ${new Date(restarted).toISOString()}, and its last record is of ${lastRecord}`,
    );
  }
}

/** Waits until a capture has come to one of some states, for three minutes at most. */
async function waitFor(id: number, ...states: string[]): Promise<{ end: string; scheduledEnd: string }> {
  const deadline = Date.now() + 180_000;
  for (;;) {
    const capture = JSON.parse(await walk(`curl -sS -b cookies ${address}/api/captures/${id}`));
    if (states.includes(capture.status)) return capture;
    if (Date.now() > deadline || capture.status === "FAILED") {
      throw new Error(`It is not ${states.join(" or ")} but ${JSON.stringify(capture)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function endsCleanly(): Promise<void> {
  await stopGroup(service, "SIGINT");
  for (const taken of [port, awsPort]) await tryPort(taken);
}
