import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { tryPort } from "./ports.ts";
import { differences } from "./shape.ts";
import { readTour, type TourStep } from "./tour.ts";

/*
 * `npm run smoke`: starts `npm run dev` on free ports with data of its own, walks through the README's tour command by
 * command and compares each reply with the one printed there, kills the service with -9 in the middle of a capture and
 * starts it again, and ends it. Closes with `N passed, N failed`; `--print` prints the replies instead, for the README.
 */

const run = promisify(execFile);
const README_ADDRESS = "http://localhost:8787";

const folder = mkdtempSync(join(tmpdir(), "captures-smoke-"));
const [port, awsPort] = [await tryPort(0), await tryPort(0)];
const address = `http://localhost:${port}`;
const counts = { passed: 0, failed: 0 };

let service = await startService();
try {
  if (process.argv.includes("--print")) {
    for (const { command } of readTour()) console.log(`$ ${command}\n${await walk(command)}\n`);
  } else {
    for (const step of readTour()) await check(step.command.split("\n")[0] as string, () => tourStep(step));
    await check("a kill -9 in the middle of a capture loses nothing", survivesKill);
    await check("Ctrl-C ends all of it", endsCleanly);
  }
} finally {
  await stop(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);

async function check(name: string, body: () => Promise<void>): Promise<void> {
  try {
    await body();
    counts.passed++;
    console.log(`ok      ${name}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAILED  ${name}\n        ${(error as Error).message}`);
  }
}

async function tourStep({ command, reply }: TourStep): Promise<void> {
  const problems = differences(JSON.parse(reply), JSON.parse(await walk(command)));
  if (problems.length > 0) throw new Error(`The reply is not as the README shows it: ${problems.join("; ")}`);
}

async function walk(command: string): Promise<string> {
  const { stdout } = await run("bash", ["-c", command.replaceAll(README_ADDRESS, address)], { cwd: folder });
  return stdout;
}

/** Makes a capture, kills everything at once, and waits for the service that is started again to end the capture on time. */
async function survivesKill(): Promise<void> {
  const json = "-H 'Content-Type: application/json'";
  const made = JSON.parse(
    await walk(
      `curl -sS -b cookies ${address}/api/captures ${json} -d '{"name":"survivor","envId":1,"duration":60}'`,
    ),
  ) as { id: number };
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await stop(service, "SIGKILL");
  service = await startService();
  const deadline = Date.now() + 75_000;
  for (;;) {
    const capture = JSON.parse(await walk(`curl -sS -b cookies ${address}/api/captures/${made.id}`));
    if (capture.status === "DONE") {
      if (capture.end === capture.scheduledEnd) return;
      throw new Error(`It ended at ${capture.end}, not at ${capture.scheduledEnd}`);
    }
    if (Date.now() > deadline || capture.status === "FAILED")
      throw new Error(`It is ${JSON.stringify(capture)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function endsCleanly(): Promise<void> {
  await stop(service, "SIGINT");
  for (const taken of [port, awsPort]) await tryPort(taken);
}

/** Starts `npm run dev`, in a process group of its own, and waits until it says that it is ready. */
async function startService(): Promise<ChildProcess> {
  const child = spawn("npm", ["run", "dev"], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PORT: String(port), AWS_PORT: String(awsPort), PERSIST_TO: join(folder, "state") },
  });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`npm run dev did not get ready:\n${output}`)), 120_000);
    child.once("exit", (code) => reject(new Error(`npm run dev ended with ${code}:\n${output}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        output += data;
        if (!output.includes(`Captures runs on ${address}`)) return;
        clearTimeout(timeout);
        resolve();
      });
    }
  });
  return child;
}

/** Signals the whole process group, as a terminal does, and waits until it has ended. */
async function stop(child: ChildProcess, signal: "SIGINT" | "SIGKILL"): Promise<void> {
  const group = -(child.pid as number);
  const send = (what: "SIGINT" | "SIGKILL" | 0) => {
    try {
      return process.kill(group, what);
    } catch {
      return false;
    }
  };
  send(signal);
  for (let i = 0; i < 100; i++) {
    if (!send(0)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Processes of the service are still there 10 seconds after ${signal}`);
}
