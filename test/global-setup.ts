import type { TestProject } from "vitest/node";
import { startLocalAws } from "./aws/server/server.ts";

declare module "vitest" {
  interface ProvidedContext {
    localAwsUrl: string;
  }
}

/** Starts one local AWS for the whole run; each test file makes an account of its own in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const aws = await startLocalAws({ port: 0 });
  project.provide("localAwsUrl", aws.url);
  return () => aws.close();
}
