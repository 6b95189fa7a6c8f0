import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { AwsClient } from "aws4fetch";
import { LOCAL_AWS } from "./local.ts";

/** The account that moto plays unless told otherwise. */
export const MOTO_ACCOUNT = "123456789012";
/** A key for moto, which takes any. By it the proxy tells what is meant for moto. */
export const MOTO_KEY = { accessKeyId: "AKIAMOTOMOTOMOTOMOTO", secretAccessKey: "moto-takes-any-secret" };

/** What moto does not have, or not as RDS has it: the files of a log. */
const LOG_ACTIONS: ReadonlySet<string> = new Set(["DescribeDBLogFiles", "DownloadDBLogFilePortion"]);
/** What the instance whose log the local AWS writes has to learn, too. */
const MIRRORED: ReadonlySet<string> = new Set(["ModifyDBParameterGroup"]);

/** A call that moto has answered. */
export interface MotoCall {
  action: string;
  status: number;
}

interface Answer {
  status: number;
  type: string | undefined;
  body: Uint8Array<ArrayBuffer>;
}

/** The proxy that runs. */
export interface MotoProxy {
  url: string;
  /** What moto was asked, oldest first. */
  calls: MotoCall[];
  close(): void;
}

/**
 * Starts a proxy that puts moto and the local AWS together: requests that are signed with MOTO_KEY, or want to assume a role of moto's
 * account, are moto's, but for those about log files, which the local AWS answers of its instance of the same name. All others are the
 * local AWS's, as they came.
 */
export async function startMotoProxy(motoUrl: string, localAwsUrl: string): Promise<MotoProxy> {
  const calls: MotoCall[] = [];
  const customer = new AwsClient({
    ...LOCAL_AWS.customer,
    service: "rds",
    region: LOCAL_AWS.region,
    retries: 0,
  });
  const asCustomer = async (body: Uint8Array<ArrayBuffer>, type: string): Promise<Answer> => {
    const headers = { "content-type": type };
    const reply = await customer.fetch(`${localAwsUrl}/`, { method: "POST", headers, body });
    return {
      status: reply.status,
      type: reply.headers.get("content-type") ?? undefined,
      body: new Uint8Array(await reply.arrayBuffer()),
    };
  };

  async function answer(request: IncomingMessage): Promise<Answer> {
    const body = await bodyOf(request);
    const action = actionOf(request, body);
    const type = request.headers["content-type"] ?? "";
    if (!isForMoto(request, body)) return forward(localAwsUrl, request, body);
    if (LOG_ACTIONS.has(action)) return asCustomer(body, type);
    const reply = await forward(motoUrl, request, body);
    calls.push({ action, status: reply.status });
    if (reply.status === 200 && MIRRORED.has(action)) await asCustomer(body, type);
    return reply;
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (reply) => send(response, reply),
      // As a connection that is cut: the service says so.
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
}

/** What is asked for: in the Query protocol's form, or in the JSON protocol's header. */
function actionOf({ headers }: IncomingMessage, body: Uint8Array): string {
  const target = headers["x-amz-target"];
  return typeof target === "string" ? (target.split(".").at(-1) ?? "") : (formOf(body).get("Action") ?? "");
}

const formOf = (body: Uint8Array) => new URLSearchParams(new TextDecoder().decode(body));

function isForMoto({ headers }: IncomingMessage, body: Uint8Array): boolean {
  if (headers.authorization?.includes(`Credential=${MOTO_KEY.accessKeyId}/`)) return true;
  return formOf(body).get("RoleArn")?.split(":")[4] === MOTO_ACCOUNT;
}

/** Sends a request on. Its signature covers the host that the service has asked: that one stays, which `fetch` would not let it. */
async function forward(
  to: string,
  { method, url, headers }: IncomingMessage,
  body: Uint8Array<ArrayBuffer>,
): Promise<Answer> {
  const { hostname, port } = new URL(to);
  const request = httpRequest({ hostname, port, method, path: url, headers, agent: false });
  request.end(body);
  const [reply] = (await once(request, "response")) as [IncomingMessage];
  return { status: reply.statusCode ?? 0, type: reply.headers["content-type"], body: await bodyOf(reply) };
}

function send(response: ServerResponse, { status, type = "text/plain", body }: Answer): void {
  response.writeHead(status, { "content-type": type });
  response.end(body);
}
