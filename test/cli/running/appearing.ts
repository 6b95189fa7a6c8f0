import { existsSync } from "node:fs";

/**
 * Waits for a file that something makes while it runs.
 * @throws Error with how it ended, when it ends without the file
 */
export async function appears(file: string, running: Promise<object>): Promise<void> {
  let ended: object | null = null;
  void running.then((result) => {
    ended = result;
  });
  while (!existsSync(file)) {
    if (ended !== null) throw new Error(`It ended without ${file}: ${JSON.stringify(ended)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
