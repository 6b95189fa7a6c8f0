import type { ConnectionOptions } from "mysql2";

/*
 * The server that a workload is replayed on, as `--to` says it.
 */

/** What of a target is known without connecting. */
export interface Target {
  host: string;
  port: number;
  user: string;
  /** Null where the address has none: then MYSQL_PWD, or a question, has it. */
  password: string | null;
  /** The default database of sessions of which the recording says none; null without. */
  db: string | null;
  /** A socket instead of host and port: `?socket=/run/mysqld/mysqld.sock`. */
  socket: string | null;
  /** How the connection is encrypted. */
  tls: TlsMode;
  /** The certificates that are trusted, as a file in PEM: `?ssl-ca=FILE`; else those of the system. */
  caFile: string | null;
}

/** As `--ssl-mode` of the mysql program: `preferred` is not among these, since it would do without when it is attacked. */
export type TlsMode =
  /** No encryption. */
  | "disabled"
  /** Encrypted, with whatever certificate. */
  | "required"
  /** Encrypted, and the certificate is of the host and of a known authority. */
  | "verified";

const MODES: Readonly<Record<string, TlsMode>> = {
  disabled: "disabled",
  false: "disabled",
  required: "required",
  true: "verified",
  verify_ca: "verified",
  verify_identity: "verified",
  verified: "verified",
};
const OPTIONS = new Set(["ssl", "ssl-mode", "ssl-ca", "socket"]);
const DEFAULT_PORT = 3306;

/**
 * Reads `mysql://user:password@host:port/database?ssl=required`.
 * @returns a message where it is none, without the password
 */
export function parseTarget(text: string): Target | string {
  if (!URL.canParse(text)) return "--to must be an address such as mysql://user@host:3306/database";
  const url = new URL(text);
  if (url.protocol !== "mysql:" && url.protocol !== "mariadb:")
    return "--to must begin with mysql:// or mariadb://";
  for (const name of url.searchParams.keys()) {
    if (!OPTIONS.has(name))
      return `--to has the unknown option ${name}; there are ${[...OPTIONS].join(", ")}`;
  }
  const socket = url.searchParams.get("socket");
  const host = decode(url.hostname.replace(/^\[|\]$/g, ""));
  if (host === "" && socket === null) return "--to lacks a host";
  const mode = url.searchParams.get("ssl-mode") ?? url.searchParams.get("ssl");
  const isLocal = socket !== null || host === "localhost" || host === "127.0.0.1" || host === "::1";
  const tls = mode === null ? (isLocal ? "disabled" : "required") : MODES[mode.toLowerCase()];
  if (tls === undefined) return "ssl= must be disabled, required or verified";
  const path = url.pathname.slice(1);
  if (path.includes("/")) return "--to has more than a database behind the host";
  return {
    host,
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    user: decode(url.username) || "root",
    password: url.password === "" ? null : decode(url.password),
    db: path === "" ? null : decode(path),
    socket,
    tls,
    caFile: url.searchParams.get("ssl-ca"),
  };
}

/** A target as it is shown: without the password. */
export function showTarget({ host, port, user, db, socket }: Target): string {
  const where = socket ?? `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return `${user}@${where}${db === null ? "" : `/${db}`}`;
}

/** What mysql2 is told of a target. @param ca certificates in PEM; null for the system's */
export function connectionOptions(target: Target, ca: string | null): ConnectionOptions {
  const { host, port, user, password, socket, tls } = target;
  const where = socket === null ? { host, port } : { socketPath: socket };
  const verification = { rejectUnauthorized: tls === "verified", verifyIdentity: tls === "verified" };
  const ssl = { ...verification, ...(ca === null ? {} : { ca }) };
  return { ...where, user, password: password ?? "", ...(tls === "disabled" ? {} : { ssl }) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
