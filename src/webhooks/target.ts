import * as z from "zod";
import type { Env } from "../env.ts";
import { openText, resealText, sealText } from "../environments/sealing.ts";
import { lazy } from "../lib/lazy.ts";
import { storedFormat } from "../lib/stored.ts";

/*
 * Where a webhook is sent, and what it is signed with: secrets, which are stored sealed as an environment's credentials are.
 */

const targetSchema = lazy(() =>
  z.object({
    /** For Slack, whoever knows it may post. */
    address: z.string(),
    /** `whsec_` and the key in base64; null where nothing is signed. */
    secret: z.string().nullable(),
    /** The secret before it, which signs too until then, in milliseconds since the epoch. */
    previous: z.object({ secret: z.string(), until: z.number() }).optional(),
  }),
);

/** Where a webhook is sent, and its secrets. */
export type Target = z.output<ReturnType<typeof targetSchema>>;

const targetFormat = storedFormat("webhook's target", 1, targetSchema);

const subjectOf = (envId: number) => `webhooks of environment:${envId}`;

/** Seals the target of a webhook of an environment. */
export const sealTarget = (env: Env, envId: number, target: Target): Promise<string> =>
  sealText(env, subjectOf(envId), targetFormat.stringify(target));

/**
 * Opens what `sealTarget` made.
 * @throws Error when the key is not there any more, or the text is damaged or of another environment
 */
export async function openTarget(env: Env, envId: number, sealed: string): Promise<Target> {
  return targetFormat.parse(await openText(env, subjectOf(envId), sealed));
}

/** Seals a target anew that an older key sealed; see `reseal` of credentials. */
export const resealTarget = (env: Env, envId: number, sealed: string): Promise<string> =>
  resealText(env, subjectOf(envId), sealed);
