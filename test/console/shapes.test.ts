import { describe, expectTypeOf, it } from "vitest";
import type * as live from "../../src/captures/live.ts";
import type * as metrics from "../../src/captures/metrics.ts";
import type * as captures from "../../src/captures/schema.ts";
import type * as console from "../../src/console/api/types.ts";
import type * as environments from "../../src/environments/schema.ts";
import type * as workload from "../../src/workload/reading.ts";

// `npm run check` is what fails here: the console can't import the Worker's types, and must not drift from them.
describe("the console's idea of what the API answers is the API's", () => {
  it("for captures, their events and their live connection", () => {
    expectTypeOf<console.Capture>().toEqualTypeOf<captures.Capture>();
    expectTypeOf<console.CaptureEvent>().toEqualTypeOf<captures.CaptureEvent>();
    expectTypeOf<console.LiveMessage>().toEqualTypeOf<live.LiveMessage>();
  });

  it("for metrics, workloads and digests", () => {
    expectTypeOf<console.Metric>().toEqualTypeOf<metrics.Metric>();
    expectTypeOf<console.Workload>().toEqualTypeOf<workload.Workload>();
    expectTypeOf<console.WorkloadDigest>().toEqualTypeOf<workload.WorkloadDigest>();
  });

  it("for environments and their members", () => {
    expectTypeOf<console.Environment>().toEqualTypeOf<environments.Environment>();
    expectTypeOf<console.Member>().toEqualTypeOf<environments.Member>();
  });
});
