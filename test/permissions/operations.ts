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
  acceptInvite: { kind: "invite", ask: () => ({ path: { code: "none" } }) },

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
  getHealth: { kind: "everybody" },
};
