import { env } from "cloudflare:workers";
import { vi } from "vitest";
import type { CheckedEnvironment } from "../../src/environments/replies.ts";
import type { LocalAccount } from "../local-aws/test/client.ts";
import { type Person, type Reply, request } from "../support/api.ts";

/** A role, by what a request gives of it. */
export interface ByRole {
  roleArn: string;
}

/** The body that makes an environment of an account's first instance with a role. */
export const bodyOf = ({ roleArn }: ByRole, { region, instance }: LocalAccount) => ({
  name: "by role",
  region,
  instance,
  credentials: { roleArn },
});

/** Asks to make an environment with a role. */
export const register = (
  { headers }: Pick<Person, "headers">,
  aws: LocalAccount,
  role: ByRole,
): Promise<Reply<CheckedEnvironment & { message: string }>> =>
  request("POST", "/api/environments", { json: bodyOf(role, aws), headers });

/** The external id that is pending for somebody; null when none is. */
export const pendingId = ({ id }: Person): Promise<string | null> =>
  env.DB.prepare("select external_id from pending_external_ids where user_id = ?1")
    .bind(id)
    .first<string>("external_id");

/** Lets the id that is pending for somebody expire at a moment, in milliseconds since the epoch; now by default. */
export const expirePending = ({ id }: Person, at = Date.now() - 1): Promise<unknown> =>
  env.DB.prepare("update pending_external_ids set expires_at = ?2 where user_id = ?1").bind(id, at).run();

/** Answers calls of AWS by `answer`, which gets the action's form; undefined: as AWS does. */
export function intercept(answer: (form: URLSearchParams) => Promise<Response | undefined>): void {
  const realFetch = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const form = new URLSearchParams(input instanceof Request ? await input.clone().text() : "");
    return (await answer(form)) ?? realFetch(input, init);
  });
}

/** Answers calls of AssumeRole with an error, those with an external id or those without. */
export function refuseAssuming(
  which: "with" | "without",
  status: number,
  code: string,
  message: string,
): void {
  intercept(async (form) => {
    if (form.get("Action") !== "AssumeRole" || form.has("ExternalId") !== (which === "with")) return;
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
    return new Response(`<ErrorResponse>${error}</ErrorResponse>`, { status });
  });
}
