import { beforeEach } from "vitest";
import type { Capture } from "../../src/captures/replies.ts";
import type { Workload } from "../../src/workload/replies.ts";
import type { Cast } from "./api.ts";

/** Leaves in the log of the cast's instance what a test writes, and nothing else; for each test of a file. */
export function quietLogOf(cast: Cast) {
  beforeEach(() => cast.aws.setWorkload(cast.aws.instance, { rate: 0 }));
  let thread = 1000;
  return {
    /** Runs statements, each on a thread of its own. */
    write: (...statements: string[]) =>
      cast.aws.appendLog(
        cast.aws.instance,
        statements.map((statement) => ({ threadId: thread++, command: "Query", statement })),
      ),
    /** What a capture recorded, as a member is shown it. */
    workloadOf: async ({ id }: Capture) =>
      (await cast.member.get<Workload>(`/api/captures/${id}/workload`)).body,
  };
}
