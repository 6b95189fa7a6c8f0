import { env } from "cloudflare:workers";
import { newSecret } from "../../src/webhooks/signing.ts";
import { sealTarget } from "../../src/webhooks/target.ts";
import { type Caller, extraMember, type World } from "./world.ts";

/*
 * Who may do what: every operation of the API, by its id in openapi.json, is of one kind. A new one is missing here until somebody
 * has decided whose it is, and matrix.test.ts fails.
 */

/** What a caller meets. */
export type Outcome =
  | "allowed"
  | "login"
  | "session"
  | "unseen"
  | "viewer-reads"
  | "viewer-changes"
  | "not-owner"
  | "not-admin"
  | "key-reads"
  | "key-elsewhere";

type Outcomes = Record<Caller, Outcome>;

const OF_ENVIRONMENT = { nobody: "login", stranger: "unseen", visitor: "unseen" } as const;
const READ = { member: "allowed", admin: "allowed", reader: "allowed" } as const;
const CHANGE = { admin: "allowed", reader: "key-reads" } as const;

/** The kinds of operations, and what each caller meets. */
export const KINDS = {
  /** For everybody, signed in or not. */
  everybody: {
    nobody: "allowed",
    stranger: "allowed",
    viewer: "allowed",
    ...READ,
    visitor: "allowed",
  },
  /** Of one's own account: a session is needed, whosoever. */
  session: {
    nobody: "login",
    stranger: "allowed",
    viewer: "allowed",
    member: "allowed",
    admin: "allowed",
    reader: "session",
    visitor: "session",
  },
  /** Of no environment, and changes nothing. */
  signedIn: { nobody: "login", stranger: "allowed", viewer: "allowed", ...READ, visitor: "allowed" },
  /** Of no environment, and changes something. */
  account: {
    nobody: "login",
    stranger: "allowed",
    viewer: "allowed",
    member: "allowed",
    admin: "allowed",
    reader: "key-reads",
    visitor: "key-elsewhere",
  },
  /** An invite that there is not. */
  invite: {
    nobody: "login",
    stranger: "unseen",
    viewer: "unseen",
    member: "unseen",
    admin: "unseen",
    reader: "key-reads",
    visitor: "key-elsewhere",
  },
  figures: { ...OF_ENVIRONMENT, viewer: "allowed", ...READ },
  statements: { ...OF_ENVIRONMENT, viewer: "viewer-reads", ...READ },
  members: { ...OF_ENVIRONMENT, viewer: "viewer-changes", member: "allowed", ...CHANGE },
  /** The owner's and the admins'. The member has not made it. */
  owners: { ...OF_ENVIRONMENT, viewer: "viewer-changes", member: "not-owner", ...CHANGE },
  admins: { ...OF_ENVIRONMENT, viewer: "not-admin", member: "not-admin", ...CHANGE },
  /** What only admins read. */
  adminsRead: {
    ...OF_ENVIRONMENT,
    viewer: "not-admin",
    member: "not-admin",
    admin: "allowed",
    reader: "allowed",
  },
} as const satisfies Record<string, Outcomes>;

/** What a request says besides its path. */
export interface Asked {
  /** What stands in the path for a name in braces; the id of the capture, the schedule or the environment is there already. */
  path?: Record<string, string>;
  query?: string;
  json?: unknown;
  headers?: Record<string, string>;
}

/** An operation: its kind, and a request that does no harm where it is granted. */
export interface Case {
  kind: keyof typeof KINDS;
  ask?: (world: World) => Asked | Promise<Asked>;
  /** Only who is not signed in with a session asks: it would sign people out. */
  isForKeysOnly?: true;
}

const named = () => `made ${crypto.randomUUID()}`;
/** A version that nothing has: a change that is granted meets it only then, and is not made. */
const NEVER = { headers: { "If-Match": '"none"' } };
const envId = (world: World) => world.cast.environment.id;
const ofEnvironment = (world: World): Asked => ({ query: `envId=${envId(world)}` });
const withOther = (world: World): Asked => ({ query: `with=${world.otherId}` });
const TOMORROW = () => new Date(Date.now() + 86_400_000).toISOString();

/** A webhook of the environment that is paused, and a delivery of it. */
async function webhookOf(world: World): Promise<Asked> {
  const id = `(select max(id) from webhooks where env_id = ${envId(world)})`;
  await env.DB.batch([
    env.DB.prepare(
      `insert into webhooks (env_id, kind, name, events, target, address_hint, origin, created_at, updated_at, paused_at)
       values (?1, 'standard', 'paused', '[]', ?2, 'https://hooks.shop.com/', 'http://captures.test', 1, 1, 1)`,
    ).bind(
      envId(world),
      await sealTarget(env, envId(world), { address: "https://hooks.shop.com/", secret: newSecret() }),
    ),
    env.DB.prepare(
      `insert into webhook_deliveries (webhook_id, type, sequence, message_id, time, facts, status)
       values (${id}, 'webhook.test', 1, 'msg_1', 1, '{}', 'dead')`,
    ),
  ]);
  const row = await env.DB.prepare(
    "select webhook_id as webhookId, max(id) as deliveryId from webhook_deliveries",
  ).first<{ webhookId: number; deliveryId: number }>();
  return { path: { webhookId: String(row?.webhookId), deliveryId: String(row?.deliveryId) } };
}

/** An invite into the environment. */
async function inviteOf(world: World): Promise<Asked> {
  const path = `/api/environments/${envId(world)}/invites`;
  const { body } = await world.cast.admin.post<{ id: string }>(path, { role: "viewer" });
  return { path: { inviteId: body.id } };
}

/** The admin's calendar. */
async function calendarOf({ cast }: World): Promise<Asked> {
  const { body } = await cast.admin.post<{ url: string }>("/api/schedules/calendar");
  return { query: new URL(body.url).search.slice(1) };
}

/** Every operation. */
export const OPERATIONS: Record<string, Case> = {
  listCaptures: { kind: "figures", ask: ofEnvironment },
  createCapture: {
    kind: "members",
    ask: (world) => ({ json: { name: named(), envId: envId(world), scheduledStart: TOMORROW() } }),
  },
  getCapture: { kind: "figures" },
  changeCapture: { kind: "owners", ask: () => ({ json: { name: named() } }) },
  deleteCapture: { kind: "owners", ask: () => NEVER },
  getCaptureMetrics: { kind: "figures" },
  listCaptureEvents: { kind: "figures" },
  watchCapture: { kind: "figures" },
  stopCapture: { kind: "owners" },
  cancelCapture: { kind: "owners" },
  restoreCapture: { kind: "owners" },
  getWorkload: { kind: "figures" },
  getWorkloadAmazon: { kind: "statements" },
  getWorkloadDigest: { kind: "figures" },
  getWorkloadStatement: { kind: "figures", ask: ({ fingerprint }) => ({ path: { fingerprint } }) },
  getWorkloadTables: { kind: "figures" },
  getWorkloadUsers: { kind: "figures" },
  getWorkloadHosts: { kind: "figures" },
  getWorkloadTags: { kind: "figures" },
  getWorkloadSeries: { kind: "figures" },
  getWorkloadSpan: { kind: "figures" },
  downloadWorkload: { kind: "statements", ask: () => ({ query: "format=log" }) },
  compareWorkloads: { kind: "figures", ask: withOther },
  reportWorkload: { kind: "figures", ask: withOther },
  getWorkloadRecords: { kind: "statements" },
  getWorkloadSession: { kind: "statements", ask: () => ({ path: { threadId: "8" } }) },

  listSchedules: { kind: "figures", ask: ofEnvironment },
  createSchedule: {
    kind: "members",
    ask: (world) => ({ json: { name: named(), envId: envId(world), cron: "30 2 * * *", duration: 600 } }),
  },
  previewOccurrences: { kind: "signedIn", ask: () => ({ query: "cron=30%202%20*%20*%20*" }) },
  getSchedule: { kind: "figures" },
  changeSchedule: { kind: "owners", ask: () => ({ json: { name: named() } }) },
  deleteSchedule: { kind: "owners", ask: () => NEVER },
  pauseSchedule: { kind: "owners" },
  resumeSchedule: { kind: "owners" },
  listOccurrences: { kind: "figures" },
  // For whoever has the secret address.
  readCalendar: { kind: "everybody", ask: calendarOf },
  showCalendar: { kind: "session" },
  makeCalendar: { kind: "session" },
  revokeCalendar: { kind: "session" },
  listScheduleEvents: { kind: "figures" },

  listEnvironments: { kind: "signedIn" },
  createEnvironment: { kind: "account", ask: () => ({ json: {} }) },
  askForExternalId: { kind: "account" },
  listInstances: { kind: "account", ask: () => ({ json: {} }) },
  getEnvironment: { kind: "figures" },
  updateEnvironment: { kind: "admins", ask: () => ({ json: { name: named() } }) },
  deleteEnvironment: { kind: "admins" },
  checkEnvironment: { kind: "members" },
  abandonOwed: { kind: "admins" },
  listMembers: { kind: "figures" },
  changeMemberRole: {
    kind: "admins",
    ask: async (world) => ({
      path: { userId: await extraMember(envId(world)) },
      json: { role: "viewer" },
    }),
  },
  removeMember: {
    kind: "admins",
    ask: async (world) => ({ path: { userId: await extraMember(envId(world)) } }),
  },
  createInvite: { kind: "admins", ask: () => ({ json: { role: "viewer" } }) },
  eraseCapture: {
    kind: "admins",
    // One that has not ended, which is not erased for whoever may.
    ask: ({ liveId }) => ({ path: { id: String(liveId) }, json: {} }),
  },
  getErasure: { kind: "figures" },
  eraseEnvironment: { kind: "admins", ask: () => ({ json: { what: "environment" } }) },
  listWebhooks: { kind: "figures" },
  createWebhook: {
    kind: "admins",
    ask: () => ({
      json: { kind: "standard", name: named(), address: "https://hooks.shop.com/", events: ["capture.done"] },
    }),
  },
  getWebhook: { kind: "adminsRead", ask: webhookOf },
  changeWebhook: {
    kind: "admins",
    ask: async (world) => ({ ...(await webhookOf(world)), json: { name: named() } }),
  },
  deleteWebhook: { kind: "admins", ask: webhookOf },
  rotateWebhookSecret: { kind: "admins", ask: webhookOf },
  // One that is paused, so that nothing is sent.
  testWebhook: { kind: "admins", ask: webhookOf },
  listWebhookDeliveries: { kind: "adminsRead", ask: webhookOf },
  redeliverWebhook: { kind: "admins", ask: webhookOf },
  listInvites: { kind: "adminsRead" },
  revokeInvite: { kind: "admins", ask: inviteOf },
  lookAtInvite: { kind: "invite", ask: () => ({ json: { code: "none" } }) },
  acceptInvite: { kind: "invite", ask: () => ({ json: { code: "none" } }) },
  readAudit: { kind: "adminsRead" },

  signUp: { kind: "everybody", ask: () => ({ json: {} }) },
  signIn: { kind: "everybody", ask: () => ({ json: {} }) },
  signOut: { kind: "everybody", isForKeysOnly: true },
  getSession: { kind: "everybody" },
  listSessions: { kind: "session" },
  revokeSession: { kind: "session", ask: () => ({ json: { token: "none" } }) },
  revokeSessions: { kind: "session", isForKeysOnly: true },
  revokeOtherSessions: { kind: "session", isForKeysOnly: true },
  updateUser: { kind: "session", ask: () => ({ json: { name: "Somebody" } }) },
  changePassword: {
    kind: "session",
    isForKeysOnly: true,
    ask: () => ({ json: { currentPassword: "a long password", newPassword: "another password" } }),
  },
  exportAccount: { kind: "session" },
  deleteAccount: { kind: "session", isForKeysOnly: true, ask: () => ({ json: {} }) },
  createApiKey: { kind: "session", ask: () => ({ json: { name: "" } }) },
  listApiKeys: { kind: "session" },
  getApiKey: { kind: "session" },
  updateApiKey: { kind: "session", ask: () => ({ json: {} }) },
  deleteApiKey: { kind: "session", ask: () => ({ json: {} }) },
  startDeviceLogin: { kind: "everybody", ask: () => ({ json: { client_id: "a program" } }) },
  pollDeviceLogin: { kind: "everybody", ask: () => ({ json: {} }) },
  verifyDeviceLogin: { kind: "session", ask: () => ({ json: {} }) },
  approveDeviceLogin: { kind: "session", ask: () => ({ json: {} }) },
  denyDeviceLogin: { kind: "session", ask: () => ({ json: {} }) },
  getSignInWays: { kind: "everybody" },
  startSignOn: { kind: "everybody", ask: () => ({ json: {} }) },
  finishSignOn: { kind: "everybody", ask: () => ({ json: {} }) },
  requestPasswordReset: { kind: "everybody", ask: () => ({ json: {} }) },
  resetPassword: { kind: "everybody", ask: () => ({ json: {} }) },
  sendVerificationEmail: { kind: "session" },
  verifyEmail: { kind: "session", ask: () => ({ json: {} }) },
  changeEmail: { kind: "session", ask: () => ({ json: {} }) },
  getHealth: { kind: "everybody" },
};
