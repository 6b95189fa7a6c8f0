import { rmSync } from "node:fs";

/* `npm run reset`: forgets the data of the local service. Its secrets stay. */
rmSync(".wrangler/state", { recursive: true, force: true });
console.log("The local data is gone; `npm run dev` starts afresh.");
