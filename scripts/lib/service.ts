import { type ChildProcess, spawn } from "node:child_process";

/**
 * Starts `npm run dev`, in a process group of its own, and waits until it says that it is ready.
 * @param env PORT, AWS_PORT, PERSIST_TO and the like
 * @param options what follows `npm run dev --`
 */
export function startService(env: Record<string, string>, options: string[] = []): Promise<ChildProcess> {
  const ready = `Captures runs on http://localhost:${env.PORT}`;
  return startProcess("npm", ["run", "dev", "--", ...options], ready, env);
}

/** Starts a program, in a process group of its own, and waits until it has printed that it is ready. */
export async function startProcess(
  command: string,
  args: string[],
  ready: string,
  env: Record<string, string> = {},
): Promise<ChildProcess> {
  const child = spawn(command, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  const line = [command, ...args].join(" ");
  await new Promise<void>((resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`${line} did not get ready:\n${output}`)), 120_000);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${line} ended with ${code}:\n${output}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        output += data;
        if (!output.includes(ready)) return;
        clearTimeout(timeout);
        resolve();
      });
    }
  });
  return child;
}

/** Signals a whole process group, as a terminal does, and waits until it has ended. */
export async function stopGroup(
  child: ChildProcess,
  signal: "SIGINT" | "SIGTERM" | "SIGKILL",
): Promise<void> {
  const group = -(child.pid as number);
  const send = (what: typeof signal | 0) => {
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
  throw new Error(`Processes of ${child.spawnfile} are still there 10 seconds after ${signal}`);
}
