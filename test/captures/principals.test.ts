import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { CaptureEvent, FullCapture, LiveMessage } from "../../src/captures/replies.ts";
import type { FullEnvironment } from "../../src/environments/replies.ts";
import type { Workload } from "../../src/workload/replies.ts";
import { manifestKey } from "../../src/workload/stored/keys.ts";
import { createCapture } from "../support/api.ts";
import { castForEachTest } from "../support/each-test.ts";
import { GroupLease, giveCredentials } from "../support/leases.ts";
import { ended, record, START } from "../support/stored-workload.ts";
import { until } from "../support/time.ts";

/* AWS names users and roles in its refusals, which only an environment's admins may know. */

const cast = castForEachTest();

const PRINCIPAL = /arn:[\w-]+:(iam|sts)|"User: /;
const CALLER = "The user or role is not authorized to perform: ";

/** What a member reads, which may have no name. */
async function read<Body>(path: string): Promise<Body> {
  const { body } = await cast.member.get<Body>(`/api/${path}`);
  expect(JSON.stringify(body)).not.toMatch(PRINCIPAL);
  return body;
}

const environment = () => read<FullEnvironment>(`environments/${cast.environment.id}`);
const restoreOf = ({ checks }: Pick<FullEnvironment, "checks">) =>
  checks.find(({ id }) => id === "restore")?.detail;

describe("a member is not told the name of a user or role", () => {
  it("by what is owed, nor by its check", async () => {
    const role = await cast.aws.createRole({ externalId: "x-tenant" });
    await giveCredentials(cast.environment, role);
    const lease = await GroupLease.of(cast);
    await lease.acquire(1);
    await cast.aws.deny("rds:ResetDBParameterGroup", "rds:ModifyDBParameterGroup");
    expect(await lease.release(1)).toBe(false);
    expect((await environment()).owed[0]?.reason).toContain(CALLER);
    const checked = await cast.member.post<FullEnvironment>(
      `/api/environments/${cast.environment.id}/check`,
      {},
    );
    expect(JSON.stringify(checked.body)).not.toMatch(PRINCIPAL);
    expect(restoreOf(checked.body)).toContain(CALLER);
    expect(restoreOf(await environment())).toContain(CALLER);
  });

  it("by why a capture failed, its history, or its live message", async () => {
    const role = await cast.aws.createRole({ externalId: "x-tenant" });
    await giveCredentials(cast.environment, { ...role, externalId: "another" });
    const capture = await createCapture(cast.owner, { envId: cast.environment.id });
    await until(cast.owner, capture, "FAILED");
    const path = `captures/${capture.id}`;
    const refused = `AWS does not permit it: ${CALLER}sts:AssumeRole on resource: the role`;
    expect((await read<FullCapture>(`${path}?view=full`)).reason).toContain(refused);
    expect((await read<FullCapture[]>("captures"))[0]?.reason).toContain(refused);
    expect((await read<CaptureEvent[]>(`${path}/events`)).map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining(refused),
    );
    expect((await read<LiveMessage>(`${path}/live`)).capture.reason).toContain(refused);
  });

  it("by its metrics that AWS does not give", async () => {
    const capture = await createCapture(cast.owner, { envId: cast.environment.id });
    await until(cast.owner, capture, "RUNNING");
    await cast.aws.deny("cloudwatch:GetMetricData");
    const path = `captures/${capture.id}/metrics`;
    expect((await read<{ message: string }>(path)).message).toContain(CALLER);
    expect((await cast.member.get(`/api/${path}`)).status).toBe(502);
  });

  it("by what was stored before those were left out", async () => {
    const { id, manifest } = await ended(cast, [[[record(0, "SELECT 1")]]]);
    const said = (name: string) =>
      `User: arn:aws-cn:sts::1:assumed-role/secret/${name} is not authorized to perform: rds:X (AccessDenied)`;
    const shown = `${CALLER}rds:X (AccessDenied)`;
    const gap = { from: START, to: START + 1000, cause: said("gap") };
    await env.BUCKET.put(
      manifestKey(id, "general"),
      JSON.stringify({ ...manifest, gaps: [gap], gapCount: 1 }),
    );
    await env.DB.prepare("update captures set reason = ?2, obstacle = ?3 where id = ?1")
      .bind(id, said("reason"), said("obstacle"))
      .run();
    const path = `captures/${id}`;
    expect(await read<FullCapture>(`${path}?view=full`)).toMatchObject({ reason: shown, obstacle: shown });
    expect((await read<Workload>(`${path}/workload`)).gaps[0]?.cause).toBe(shown);
    const report = await read<string>(`${path}/workload/report?format=md`);
    expect(report).not.toContain("secret");
    expect(report.split("The user or role is not authorized")).toHaveLength(3);
  });
});
