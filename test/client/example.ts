import { env } from "node:process";
import { CapturesError, createClient } from "@captures/client";

const { captures } = createClient({ baseUrl: "https://captures.example.com", apiKey: env.CAPTURES_KEY });
const scheduledStart = new Date(Date.now() + 3_600_000);
const { id } = await captures.create({ name: "in an hour", envId: 1, scheduledStart, duration: 600 });
for await (const { name, status } of captures.list({ envId: 1 })) console.log(name, status);
await captures.stop(id).catch((error) => {
  if (!(error instanceof CapturesError && error.status === 409)) throw error;
  console.log(error.message, error.requestId);
});
