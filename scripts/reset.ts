import { rmSync } from "node:fs";
import { persistTo, runningService } from "./lib/state.ts";

/* `npm run reset`: forgets the data of the local service. Its secrets stay. */
const pid = runningService();
if (pid !== null) {
  console.error(`The service is running on this data (process ${pid}): end it first`);
  process.exit(1);
}
rmSync(persistTo, { recursive: true, force: true });
console.log(`The local data in ${persistTo} is gone; \`npm run dev\` starts afresh.`);
