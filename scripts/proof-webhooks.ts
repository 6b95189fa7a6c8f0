import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook as Verifier } from "standardwebhooks";
import type { Capture, WebhookWithSecret } from "../src/client/index.ts";
import { check, report } from "./lib/checks.ts";
import { DEMO } from "./lib/local.ts";
import { tryPort } from "./lib/ports.ts";
import { startService, stopGroup } from "./lib/service.ts";

/*
 * `npm run proof:webhooks`: a receiver on this machine is away while an event happens, and the service is killed before the queue
 * has brought it there. Both come back, and the event arrives, once, signed. Closes with `N passed, N failed`.
 */

/** How long until cron has found what the queue has lost: it leaves it alone for half a minute, and comes each minute. */
const FOUND_MS = 150_000;

const folder = mkdtempSync(join(tmpdir(), "captures-webhooks-"));
const [port, awsPort, receiverPort] = [await tryPort(0), await tryPort(0), await tryPort(0)];
const options = { PORT: String(port), AWS_PORT: String(awsPort), PERSIST_TO: join(folder, "state") };
const address = `http://localhost:${port}`;
const received: { headers: Record<string, string>; body: string }[] = [];
let receiver: Server | undefined;
let service = await startService(options);

try {
  const cookie = await signIn();
  const send = async <T>(path: string, body?: object): Promise<T> => {
    const reply = await fetch(address + path, {
      method: "POST",
      headers: { cookie, origin: address, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!reply.ok) throw new Error(`${path} answered ${reply.status} ${await reply.text()}`);
    return (await reply.json()) as T;
  };

  await check("an event arrives whose message the queue lost when the service was killed", async () => {
    const webhook = await send<WebhookWithSecret>("/api/environments/1/webhooks", {
      kind: "standard",
      name: "away",
      address: `http://127.0.0.1:${receiverPort}/`,
      events: ["capture.failed"],
    });
    const scheduledStart = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await send<Capture>("/api/captures", { name: "cancelled", envId: 1, scheduledStart });
    await send(`/api/captures/${id}/cancel`);
    await stopGroup(service, "SIGKILL");
    receiver = await startReceiver();
    service = await startService(options);
    const deadline = Date.now() + FOUND_MS;
    while (received.length === 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 500));
    const [event] = received;
    if (event === undefined) throw new Error("It did not arrive");
    const { type, data } = new Verifier(webhook.secret ?? "").verify(event.body, event.headers) as {
      type: string;
      data: { capture: { id: number } };
    };
    if (type !== "capture.failed" || data.capture.id !== id) throw new Error(event.body);
    if (received.length > 1) throw new Error(`It arrived ${received.length} times`);
  });
} finally {
  receiver?.close();
  await stopGroup(service, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
report();

async function signIn(): Promise<string> {
  const reply = await fetch(`${address}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: DEMO.email, password: DEMO.password }),
  });
  return (reply.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
}

async function startReceiver(): Promise<Server> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => {
      body += piece;
    });
    request.on("end", () => {
      received.push({ headers: request.headers as Record<string, string>, body });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(receiverPort, "127.0.0.1", resolve));
  return server;
}
