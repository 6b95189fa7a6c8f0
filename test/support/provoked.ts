import { expect, inject } from "vitest";

declare module "vitest" {
  interface ProvidedContext {
    contractUrl: string;
  }
}

const provoked = new Set<string>();

/** Notes a described reply that this file's tests have provoked. @param name as `test/contract/collector.ts` names it */
export const noteProvoked = (name: string): void => void provoked.add(name);

/** Tells the collector of the run what this file's tests have provoked. */
export async function reportProvoked(): Promise<void> {
  const report = { file: expect.getState().testPath, provoked: [...provoked] };
  await fetch(inject("contractUrl"), { method: "POST", body: JSON.stringify(report) });
}
