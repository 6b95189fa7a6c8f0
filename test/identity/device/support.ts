import { env } from "cloudflare:workers";
import type { DeviceCode, DeviceToken } from "../../../src/identity/device/replies.ts";
import { type Person, type Reply, type RequestOptions, request } from "../../support/api.ts";

export const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
export const CLIENT = "captures on build-7";

let addresses = 0;
/** An address that was not heard of, so that nothing is counted for it. */
export const newAddress = (): string => `198.51.100.${++addresses}`;

/** Begins a login, as a program does. */
export async function begin(
  address = newAddress(),
  client = CLIENT,
  scope?: "read" | "write",
): Promise<DeviceCode> {
  const reply = await request<DeviceCode>("POST", "/api/auth/device/code", {
    json: { client_id: client, scope },
    headers: { "cf-connecting-ip": address },
  });
  if (reply.status !== 200) throw new Error(`The login answered ${reply.status}`);
  return reply.body;
}

/** Asks for the key of a login, as a program does. */
export const poll = ({ device_code }: DeviceCode, client = CLIENT): Promise<Reply<DeviceToken>> =>
  request("POST", "/api/auth/device/token", {
    json: { grant_type: GRANT, device_code, client_id: client },
    headers: { "cf-connecting-ip": newAddress() },
  });

/** Does something with a user code, as a person does in the console. */
export const decide = <T = unknown>(
  person: Pick<Person, "headers">,
  what: "verify" | "approve" | "deny",
  userCode: string,
  { json = {}, headers = {} }: { json?: object } & Pick<RequestOptions, "headers"> = {},
): Promise<Reply<T>> =>
  request("POST", `/api/auth/device/${what}`, {
    json: { userCode, ...json },
    headers: { ...person.headers, "cf-connecting-ip": newAddress(), ...headers },
  });

/** Lets a login's time be over. */
export const expire = ({ device_code }: DeviceCode): Promise<unknown> =>
  change(device_code, "expires_at = 1");

/** Lets a login's last poll be so long ago. */
export const letPass = ({ device_code }: DeviceCode, seconds: number): Promise<unknown> =>
  change(device_code, `polled_at = polled_at - ${seconds * 1000}`);

async function change(deviceCode: string, set: string): Promise<unknown> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(deviceCode));
  const hash = new Uint8Array(digest).toBase64({ alphabet: "base64url", omitPadding: true });
  return env.DB.prepare(`update device_codes set ${set} where device_hash = ?`).bind(hash).run();
}

/** How many API keys somebody has. */
export const keysOf = async ({ id }: Pick<Person, "id">): Promise<number> =>
  (await env.DB.prepare("select count(*) as n from apikey where reference_id = ?")
    .bind(id)
    .first<number>("n")) as number;
