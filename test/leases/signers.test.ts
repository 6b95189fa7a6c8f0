import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { EnvironmentAccess } from "../../src/environments/credentials.ts";
import { leaseName } from "../../src/environments/parameter-group.ts";
import { isOfGeneralLog } from "../../src/leases/needs.ts";
import { releaseLease } from "../../src/leases/release.ts";
import { createAccount, type LocalAccount } from "../local-aws/test/client.ts";
import { createEnvironment, type Person, signUp } from "../support/api.ts";
import { GroupLease, giveCredentials, groupOf, runLeaseAlarm, signedChanges } from "../support/leases.ts";
import { travel } from "../support/time.ts";

/*
 * Whose access signs what, of generated sequences in the real object and the local AWS: three teams have an environment each of one
 * instance, with a key of its own.
 */

/** What each capture is of: its environment, and its log. */
const CAPTURES = [
  { team: 0, log: "general" },
  { team: 0, log: "general" },
  { team: 1, log: "slow" },
  { team: 2, log: "general" },
  { team: 2, log: "both" },
] as const;

const TEAMS = [0, 1, 2];
const team = fc.constantFrom(...TEAMS);
const capture = fc.integer({ min: 0, max: CAPTURES.length - 1 });
/** Something that happens. */
const happening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constantFrom("acquire", "release"), capture }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom("deny", "permit", "replace"), team }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("abandon", "delete"), team }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("alarm" as const) }) },
);
/** Two teams that owe something at once, and one of them gets another key. */
const OWING: Happening[] = [
  { what: "acquire", capture: 0 },
  { what: "deny", team: 0 },
  { what: "release", capture: 0 },
  { what: "acquire", capture: 2 },
  { what: "release", capture: 2 },
  { what: "replace", team: 1 },
  { what: "permit", team: 0 },
  { what: "alarm" },
];
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** A team's environment, and who signs for it. */
interface Team {
  admin: Person;
  id: number;
  access: EnvironmentAccess;
  accessKeyId: string;
  userArn: string;
  isDenied: boolean;
  isDeleted: boolean;
}

class Teams {
  readonly aws: LocalAccount;
  readonly lease: GroupLease;
  readonly teams: Team[];
  /** The users whose keys were replaced, and those of deleted environments. */
  readonly gone: string[] = [];
  /** The captures that have asked for their logs. */
  readonly #asked = new Set<number>();
  /** Whether somebody has left a parameter as it was. */
  isAbandoned = false;

  constructor(aws: LocalAccount, teams: Team[]) {
    this.aws = aws;
    this.teams = teams;
    this.lease = new GroupLease(aws, groupOf(aws), (teams[0] as Team).access);
  }

  static async of(admins: readonly Person[], aws: LocalAccount): Promise<Teams> {
    const teams: Team[] = [];
    for (const admin of admins) {
      const { environment } = await createEnvironment(admin, { aws });
      const { id } = environment;
      const { userArn, credentials } = await aws.createKey();
      const access = await giveCredentials({ id }, credentials);
      const { accessKeyId } = credentials;
      teams.push({ admin, id, access, accessKeyId, userArn, isDenied: false, isDeleted: false });
    }
    return new Teams(aws, teams);
  }

  /** Lets something happen, and looks who has signed what. */
  async happen(each: Happening): Promise<void> {
    await this.aws.clearRequests();
    const before = this.teams.map(({ userArn }) => userArn);
    const asker = await this.#do(each);
    const calls = (await this.aws.requests()).filter(({ service }) => service === "rds");
    for (const { signedBy } of calls) {
      expect(before, `${JSON.stringify(each)} is signed by ${signedBy}`).toContain(signedBy);
      expect(this.gone).not.toContain(signedBy);
      if (asker !== undefined) expect(signedBy).toBe(asker.userArn);
    }
    for (const { signedBy, names } of await signedChanges(this.aws)) {
      const needed = this.#needs(this.teams.findIndex(({ userArn }) => userArn === signedBy));
      expect(names.filter((name) => !needed(name))).toEqual([]);
    }
  }

  /** Whether a team has had a capture that needs a parameter. */
  #needs(index: number): (name: string) => boolean {
    const own = CAPTURES.filter(({ team }, capture) => team === index && this.#asked.has(capture));
    const logs = own.map(({ log }) => log);
    const isOf = (log: string) => logs.some((each) => each === log || each === "both");
    return (name) => (isOfGeneralLog(name) && isOf("general")) || (name !== "general_log" && isOf("slow"));
  }

  /** @returns the team that asks for itself alone */
  async #do(each: Happening): Promise<Team | undefined> {
    switch (each.what) {
      case "alarm":
        await runLeaseAlarm(this.lease.group);
        return;
      case "acquire":
      case "release":
        return this.#move(each.what, each.capture);
      default:
        return this.#change(each.what, this.teams[each.team] as Team);
    }
  }

  async #move(what: "acquire" | "release", capture: number): Promise<Team | undefined> {
    const { team: index, log } = CAPTURES[capture] as (typeof CAPTURES)[number];
    const team = this.teams[index] as Team;
    if (team.isDeleted) return;
    const id = await this.lease.idOf(capture, team.access);
    if (what !== "acquire") {
      await releaseLease(env, id);
      return;
    }
    this.#asked.add(capture);
    await env.DB.prepare(
      `insert into log_leases (capture_id, lease_name, acquired_at) values (?1, ?2, ?3)
       on conflict do update set owed_since = null, owed_reason = null, owed_settings = null, abandoned_at = null`,
    )
      .bind(id, leaseName(this.lease.group), Date.now())
      .run();
    await this.lease.acquire(capture, team.access, { log });
    return team;
  }

  async #change(what: "deny" | "permit" | "replace" | "abandon" | "delete", team: Team): Promise<undefined> {
    if (team.isDeleted) return;
    const path = `/api/environments/${team.id}`;
    switch (what) {
      case "replace": {
        const { userArn, credentials } = await this.aws.createKey();
        this.gone.push(team.userArn);
        team.access = await giveCredentials(team, credentials);
        Object.assign(team, { userArn, accessKeyId: credentials.accessKeyId });
        break;
      }
      case "abandon":
        await team.admin.post(`${path}/abandon`);
        this.isAbandoned = true;
        break;
      case "delete":
        // Refused while something of it is held or owed.
        team.isDeleted = (await team.admin.delete(path)).status === 200;
        if (team.isDeleted) this.gone.push(team.userArn);
        return;
      default:
        team.isDenied = what === "deny";
    }
    const denied = this.teams.filter(({ isDenied }) => isDenied);
    await this.aws.deny(...denied.map(({ accessKeyId }) => ({ action: "rds:*", of: accessKeyId })));
  }

  /** Permits all, and lets all captures end. */
  async end(): Promise<void> {
    for (const each of TEAMS) await this.happen({ what: "permit", team: each });
    for (const capture of CAPTURES.keys()) await this.happen({ what: "release", capture });
    for (let i = 0; i < 3; i++) await this.happen({ what: "alarm" });
    if (!this.isAbandoned) expect(await this.lease.settings()).toEqual({});
    await abortAllDurableObjects();
  }
}

afterEach(() => abortAllDurableObjects());

describe("whatever three teams do who share a parameter group", () => {
  it("each call is signed with the access of an environment that there is, for its own captures", async () => {
    const admins = await Promise.all(TEAMS.map((index) => signUp(`Team${index}`)));
    let ahead = 3_600_000;
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 6, maxLength: 16 }), async (happenings) => {
        const aws = await createAccount();
        // Alarms keep the real clock: none comes by itself, beside what happens.
        await travel(aws, ahead);
        ahead = 0;
        const teams = await Teams.of(admins, aws);
        for (const each of happenings) await teams.happen(each);
        await teams.end();
      }),
      { numRuns: 15, interruptAfterTimeLimit: 25_000, endOnFailure: true, examples: [[OWING]] },
    );
  }, 90_000);
});
