import { Hono } from "hono";
import type { KeyedRequest } from "../db/idempotency.ts";
import { type Env, positiveNumber } from "../env.ts";
import { unknownCaller } from "../http/authentication.ts";
import { type App, type AppContext, noteCaller } from "../http/context.ts";
import { idempotencyKeySchema } from "../http/idempotency-key.ts";
import { readBody, readHeader, readId } from "../http/input.ts";
import { countCostly } from "../http/rate-limits.ts";
import { refuse } from "../http/refusals.ts";
import { ofWholeAccount, signedIn } from "../http/signed-in.ts";
import { isoTime } from "../lib/values.ts";
import { sendsMail } from "../mail/mail.ts";
import { notChanged, readVisible, requireCaller, requireChanged, visible } from "./access.ts";
import { confirm, instancesOf } from "./confirm.ts";
import * as creation from "./creation.ts";
import { hint, open, type StoredCredentials, seal } from "./credentials.ts";
import { erasureRoutes } from "./erasure-routes.ts";
import { keepExternalId, pendingExternalId } from "./external-ids.ts";
import * as invites from "./invites.ts";
import * as members from "./members.ts";
import { readPendingChanges } from "./pending-changes.ts";
import { trustPolicy } from "./policies.ts";
import type { Readiness } from "./preflight/checks.ts";
import type { ChangesOf } from "./preflight/preflight.ts";
import type { InstanceList } from "./preflight/replies.ts";
import { refuseEnvironment, tooManyEnvironments, tooManyInvites } from "./refusals.ts";
import { type RestoreNow, removeEnvironment } from "./removing.ts";
import type {
  ExternalId,
  Invite,
  MemberRole,
  OpenInvite,
  RemovedMember,
  RevokedInvite,
  SeenInvite,
} from "./replies.ts";
import {
  createSchema,
  type EnvironmentChanges,
  type EnvironmentRequest,
  instancesSchema,
  inviteCodeSchema,
  inviteSchema,
  type RequestedCredentials,
  type RequestedRetention,
  roleSchema,
  updateSchema,
} from "./schema.ts";
import { identityUnknown, serviceArn, serviceKey } from "./service-identity.ts";
import * as store from "./store.ts";
import { toEnvironment, toFullEnvironment, toMember, toOpenInvite, toSeenInvite } from "./to-reply.ts";

/** What else is to be done for the parameter groups that captures of an environment have changed. */
interface GroupHooks {
  /** When it was updated; it is given as it was before. */
  afterUpdate: (env: Env, before: store.EnvironmentRow) => Promise<void>;
  restoreNow: RestoreNow;
  /** What they have changed in a group at this moment. */
  changesOf: ChangesOf;
}

/** `/api/environments`: environments, their members and their invites. */
export const environmentRoutes = ({ afterUpdate, restoreNow, changesOf }: GroupHooks) =>
  new Hono<App>()
    .use(signedIn)

    .get("/", async (c) => {
      const environments = await store.listEnvironments(c.var.db, c.var.credential, Date.now());
      if (environments === null) throw unknownCaller();
      return c.json(environments.map(toEnvironment));
    })

    .post("/", ofWholeAccount, async (c) => {
      const { db, credential } = c.var;
      const key = await readHeader(c, "Idempotency-Key", idempotencyKeySchema());
      const request = await readBody(c, createSchema());
      const keyed = key === null ? null : await creation.keyedEnvironment(key, request);
      // AWS is asked for people who are signed in only, and once for a request that is repeated; and before anything is saved.
      const before = await creation.findCreated(db, credential, keyed, maxEnvironments(c.env), Date.now());
      return created(
        c,
        before.outcome === "new" ? await create(c, keyed, changesOf, request, before) : before,
      );
    })

    .post("/instances", ofWholeAccount, async (c) => {
      const { region, credentials } = await readBody(c, instancesSchema());
      // AWS is asked for people who are signed in only.
      await requireCaller(c);
      await countCostly(c);
      const { db, credential } = c.var;
      const pendingId = "roleArn" in credentials ? await pendingExternalId(db, credential, Date.now()) : null;
      const list = await instancesOf(c.env, region, withId(credentials, pendingId));
      return c.json(list satisfies InstanceList);
    })

    .post("/external-id", ofWholeAccount, async (c) => {
      const pending = await keepExternalId(c.var.db, c.var.credential, Date.now());
      if (pending === null) throw unknownCaller();
      noteCaller(pending.caller);
      const key = serviceKey(c.env);
      if (key === null) throw refuseEnvironment.noIdentity();
      const said = await serviceArn(c.env, key);
      if (!said.ok) throw identityUnknown(c.env, said.failure);
      const { externalId, expiresAt } = pending;
      return c.json({
        externalId,
        expiresAt: isoTime(expiresAt),
        serviceArn: said.value,
        trustPolicy: trustPolicy({ serviceArn: said.value, externalId }),
        templateUrl: c.env.ROLE_TEMPLATE_URL || null,
      } satisfies ExternalId);
    })

    .get("/:id", async (c) => c.json(toFullEnvironment(await readVisible(c), c.env)))

    .put("/:id", async (c) => {
      const id = await readId(c);
      const changes = await readBody(c, updateSchema());
      const now = Date.now();
      const before = visible(await store.readEnvironment(c.var.db, c.var.credential, id, now));
      if (before.role !== "admin") throw refuse.notAdmin();
      const { name = null, retention: requested, sealed, allowNotReady, ...changed } = changes;
      const isTarget = Object.keys(changed).length > 0;
      const target = isTarget ? await retarget(c, changesOf, before, changed, allowNotReady) : null;
      const retention = requested === undefined ? null : retained(requested);
      const asked = { name, retention, sealed: sealed === undefined ? null : isSealed(sealed), target };
      const update = () => store.updateEnvironment(c.var.db, c.var.credential, before, asked, now);
      let updated = await update();
      if (updated.outcome === "in-grace") {
        // The new credentials may be of another account.
        await restoreNow(c.env, id);
        updated = await update();
      }
      switch (updated.outcome) {
        case "changed":
          await afterUpdate(c.env, before);
          return c.json(toFullEnvironment(updated.environment, c.env));
        case "id-used":
          throw refuseEnvironment.externalIdUsed();
        case "other-account":
          throw refuseEnvironment.otherAccount();
        case "conflict":
        // Another capture has ended just now.
        case "in-grace":
          throw refuseEnvironment.changedMeanwhile();
        default:
          throw notChanged(updated.outcome, refuseEnvironment.liveCaptures);
      }
    })

    .delete("/:id", async (c) => {
      const now = Date.now();
      const environment = await readVisible(c);
      await removeEnvironment(c, environment.id, restoreNow, now, { erases: false });
      return c.json(toFullEnvironment(environment, c.env));
    })

    .route("/", erasureRoutes(restoreNow))

    .get("/:id/members", async (c) => {
      const id = await readId(c);
      const { standing, members: found } = await members.listMembers(
        c.var.db,
        c.var.credential,
        id,
        Date.now(),
      );
      visible(standing);
      return c.json(found.map(toMember));
    })

    .put("/:id/members/:userId", async (c) => {
      const id = await readId(c);
      const { role } = await readBody(c, roleSchema());
      const userId = c.req.param("userId");
      memberChange(await members.changeRole(c.var.db, c.var.credential, id, userId, role, Date.now()));
      return c.json({ userId, role } satisfies MemberRole);
    })

    .delete("/:id/members/:userId", async (c) => {
      const id = await readId(c);
      const userId = c.req.param("userId");
      memberChange(await members.removeMember(c.var.db, c.var.credential, id, userId, Date.now()));
      return c.json({ userId } satisfies RemovedMember);
    })

    .post("/:id/invites", async (c) => {
      const id = await readId(c);
      const { role, email = null } = await readBody(c, inviteSchema());
      const request = { role, email };
      const maxOpen = positiveNumber(c.env, "MAX_OPEN_INVITES");
      const made = await invites.createInvite(c.var.db, c.var.credential, id, request, maxOpen, Date.now());
      requireChanged(made.outcome, () => tooManyInvites(maxOpen));
      const { expiresAt, ...invite } = made.invite;
      return c.json({ ...invite, role, email, expiresAt: isoTime(expiresAt) } satisfies Invite, 201);
    })

    .get("/:id/invites", async (c) => {
      const id = await readId(c);
      const found = await invites.listInvites(c.var.db, c.var.credential, id, Date.now());
      if (visible(found.standing).role !== "admin") throw refuse.notAdmin();
      return c.json(found.invites.map(toOpenInvite) satisfies OpenInvite[]);
    })

    .delete("/:id/invites/:inviteId", async (c) => {
      const id = await readId(c);
      const inviteId = c.req.param("inviteId");
      const outcome = await invites.revokeInvite(c.var.db, c.var.credential, id, inviteId, Date.now());
      requireChanged(outcome, refuseEnvironment.openInviteNotFound);
      return c.json({ id: inviteId } satisfies RevokedInvite);
    });

/**
 * `/api/invites`: what somebody who is not a member yet can do with a code. It comes in the body, since addresses are kept in logs and
 * histories.
 */
export const inviteRoutes = new Hono<App>()
  .use(signedIn)

  .post("/look", ofWholeAccount, async (c) => {
    const { code } = await readBody(c, inviteCodeSchema());
    const use = { code, asksProof: sendsMail(c.env) };
    const seen = await invites.lookAtInvite(c.var.db, c.var.credential, use, Date.now());
    if (seen.outcome === "unauthenticated") throw unknownCaller();
    noteCaller(seen.caller);
    if (seen.outcome === "seen") return c.json(toSeenInvite(seen.invite) satisfies SeenInvite);
    throw seen.outcome === "unproven"
      ? refuseEnvironment.addressUnproven()
      : refuseEnvironment.inviteNotFound();
  })

  .post("/accept", ofWholeAccount, async (c) => {
    const { code } = await readBody(c, inviteCodeSchema());
    const now = Date.now();
    const use = { code, asksProof: sendsMail(c.env) };
    const accepted = await invites.acceptInvite(c.var.db, c.var.credential, use, now);
    switch (accepted.outcome) {
      case "unauthenticated":
        throw unknownCaller();
      case "no-invite":
        throw refuseEnvironment.inviteNotFound();
      case "unproven":
        throw refuseEnvironment.addressUnproven();
      case "already-member":
        throw refuseEnvironment.alreadyMember();
      case "accepted": {
        const environment = await store.readEnvironment(c.var.db, c.var.credential, accepted.envId, now);
        return c.json(toFullEnvironment(visible(environment), c.env));
      }
    }
  });

/** Makes an environment that AWS confirms. @param pendingId the external id that its role has to ask for */
async function create(
  c: AppContext,
  keyed: KeyedRequest | null,
  changesOf: ChangesOf,
  { name, region, instance, credentials: requested, retention, sealed, allowNotReady }: EnvironmentRequest,
  { pendingId }: creation.Unanswered,
): Promise<creation.Created> {
  const { db, credential } = c.var;
  const externalId = "roleArn" in requested ? pendingId : null;
  const credentials = withId(requested, externalId);
  const of = { region, instance, credentials, isOwnId: true, sealed: null, pending: [] };
  const subject = { ...of, before: "not-ready" } as const;
  const found = await confirm(c.env, changesOf, subject, { allowNotReady, isNewTarget: true });
  const now = Date.now();
  const draft = {
    name,
    region,
    instance,
    ...found,
    credentialsHint: hint(credentials),
    ...retained(retention),
    sealed: isSealed(sealed),
  };
  const id = await creation.reserveEnvironment(db, credential, draft, now);
  if (id === null) return { outcome: "unauthenticated" };
  const secrets = await seal(c.env, id, credentials);
  const reserved = { id, ...draft, externalId };
  const most = maxEnvironments(c.env);
  return creation.completeEnvironment(db, credential, keyed, reserved, secrets, most, now);
}

/** Of how many environments one may be an admin. */
const maxEnvironments = (env: Env): number => positiveNumber(env, "MAX_ENVIRONMENTS");

/** How long workloads are kept, as it is asked for: for ever unless it says so, and metrics then too. */
function retained({ workloadDays = null, keepMetrics = true }: Partial<RequestedRetention> = {}) {
  return { retentionDays: workloadDays, retainsMetrics: keepMetrics ? 1 : 0 } as const;
}

const isSealed = (asked: boolean | undefined): 0 | 1 => (asked === true ? 1 : 0);

/** The credentials to use for those that a request gives; a role that no id was made for is refused. */
function withId(requested: RequestedCredentials, externalId: string | null): StoredCredentials {
  if (!("roleArn" in requested)) return requested;
  if (externalId === null) throw refuseEnvironment.noExternalId();
  return { roleArn: requested.roleArn, externalId };
}

/** The reply to a request for an environment. */
function created(c: AppContext, made: creation.Created): Response {
  switch (made.outcome) {
    case "unauthenticated":
      throw unknownCaller();
    case "gone":
      throw refuse.environmentNotFound();
    case "id-used":
      throw refuseEnvironment.externalIdUsed();
    case "key-reused":
      throw refuse.keyReused();
    case "too-many":
      throw tooManyEnvironments(maxEnvironments(c.env));
    case "replayed":
      c.header("Idempotent-Replayed", "true");
  }
  noteCaller(made.caller);
  return c.json(toFullEnvironment({ ...made.environment, ...ofNew() }, c.env), 201);
}

/** What a new environment has: no pending changes, and nothing that was recorded this month. */
function ofNew(): Pick<store.EnvironmentRow, "owed" | "recordedBytes" | "recordedSince"> {
  const now = new Date();
  return { owed: "[]", recordedBytes: 0, recordedSince: Date.UTC(now.getUTCFullYear(), now.getUTCMonth()) };
}

/** What an environment's target becomes by a change, once AWS has confirmed it. */
async function retarget(
  c: AppContext,
  changesOf: ChangesOf,
  before: store.EnvironmentRow,
  changes: Omit<EnvironmentChanges, "name" | "retention" | "sealed" | "allowNotReady">,
  allowNotReady: boolean | undefined,
): Promise<NonNullable<store.EnvironmentUpdate["target"]>> {
  const region = changes.region ?? before.region;
  const instance = changes.instance ?? before.instance;
  const isMoved = region !== before.region || instance !== before.instance;
  const access =
    changes.credentials === undefined
      ? await storedAccess(c, before, isMoved)
      : await newAccess(c, before, changes.credentials);
  const { credentials, isNew, externalId, pendingId } = access;
  const pending = readPendingChanges(before);
  const isOwnId = externalId !== null;
  const isNewTarget = isNew || isMoved;
  const known: Readiness = !isNewTarget && before.isReady === 1 ? "ready" : "not-ready";
  const subject = { region, instance, credentials, isOwnId, sealed: null, pending, before: known };
  return {
    region,
    instance,
    ...(await confirm(c.env, changesOf, subject, { allowNotReady, isNewTarget })),
    credentials: isNew ? await seal(c.env, before.id, credentials) : before.credentials,
    credentialsHint: hint(credentials),
    externalId,
    pendingId,
  };
}

/** How an environment is reached after a change. */
interface Access extends Pick<NonNullable<store.EnvironmentUpdate["target"]>, "externalId" | "pendingId"> {
  credentials: StoredCredentials;
  isNew: boolean;
}

/** Those that it has. An access key is not used for anything else than it was given for: that, its owner has to say. */
async function storedAccess(c: AppContext, before: store.EnvironmentRow, isMoved: boolean): Promise<Access> {
  const credentials = await open(c.env, before.id, before.credentials);
  if (isMoved && !("roleArn" in credentials)) throw refuseEnvironment.keyNeeded();
  return { credentials, isNew: false, externalId: before.externalId, pendingId: null };
}

/** Those that a request gives. A role gets the id that was made for the environment, or else the one that is pending. */
async function newAccess(
  c: AppContext,
  before: store.EnvironmentRow,
  requested: RequestedCredentials,
): Promise<Access> {
  if (!("roleArn" in requested)) {
    return { credentials: requested, isNew: true, externalId: null, pendingId: null };
  }
  const { db, credential } = c.var;
  const pendingId = before.externalId === null ? await pendingExternalId(db, credential, Date.now()) : null;
  const externalId = before.externalId ?? pendingId;
  return { credentials: withId(requested, externalId), isNew: true, externalId, pendingId };
}

function memberChange(outcome: members.MemberOutcome): void {
  if (outcome === "no-member") throw refuseEnvironment.memberNotFound();
  requireChanged(outcome, refuseEnvironment.lastAdmin);
}
