import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";

/** Makes `.dev.vars` with fresh local secrets, unless there is one: a key that was used must not be lost. */
export function ensureSecrets(): void {
  const lines = [
    "# Secrets of the service on this machine only, made by `npm run dev`. Never commit this file.",
    `BETTER_AUTH_SECRET=${randomBytes(32).toString("base64url")}`,
    `CREDENTIALS_KEYS=local:${randomBytes(32).toString("base64")}`,
  ];
  try {
    writeFileSync(".dev.vars", `${lines.join("\n")}\n`, { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
