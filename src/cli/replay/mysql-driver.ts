// A getter of a CommonJS module: by name, Node finds no TypedParameter.
import mysql2, {
  type ConnectionOptions,
  type Connection as MysqlConnection,
  type PrepareStatementInfo,
} from "mysql2";
import { readWithoutRows } from "./answers.ts";
import type { BoundValue } from "./bound-values.ts";
import {
  type Answer,
  type Connection,
  type Driver,
  lostBy,
  type Prepared,
  type ServerError,
} from "./driver.ts";
import { Pipeline, type RawConnection } from "./pipeline.ts";
import { arrivals } from "./system-clock.ts";

/*
 * The driver of mysql2. It makes the connection, signs in and prepares; rows are counted for and dropped (answers.ts), since a replay
 * measures how long an answer takes and does not need what it says.
 */

const CONNECT_TIMEOUT_MS = 10_000;
/**
 * What mysql2 asks for and a plain client does not. Without LOCAL_FILES a server can't ask for files of this machine; several statements
 * in one text are sent one by one; IGNORE_SPACE would make names of functions reserved words, as in the recording they were not.
 */
const FLAGS = [
  "-LOCAL_FILES",
  "-MULTI_STATEMENTS",
  "-IGNORE_SPACE",
  "-ODBC",
  "-FOUND_ROWS",
  "-CLIENT_QUERY_ATTRIBUTES",
];
const READ_ONLY = "SET SESSION TRANSACTION READ ONLY";
/** Aurora alone has it. Its connections can hang when a command comes before the answer to the last one (CONJ-386 of MariaDB's driver). */
const ASK_AURORA = "SELECT @@aurora_version";

/** Connections to a server of MySQL or MariaDB. */
export class MysqlDriver implements Driver {
  readonly #options: ConnectionOptions;
  readonly #db: string | null;
  readonly #isReadOnly: boolean;
  /** Whether connections have `pipeline`; null until a server was asked whether it takes it. */
  #isPipelined: boolean | null;

  /**
   * @param options of mysql2: host, user, password, TLS
   * @param db the default database of sessions of which the recording says none
   * @param isReadOnly whether the server is to refuse every change of data
   * @param mayPipeline whether several texts may be sent at once, where the server takes that
   */
  constructor(options: ConnectionOptions, db: string | null, isReadOnly: boolean, mayPipeline: boolean) {
    this.#options = options;
    this.#db = db;
    this.#isReadOnly = isReadOnly;
    this.#isPipelined = mayPipeline ? null : false;
  }

  async connect(db: string | null): Promise<Connection | ServerError> {
    const connected = await this.#open(db ?? this.#db);
    if (!(connected instanceof OpenConnection)) return connected;
    this.#isPipelined ??= (await connected.query(ASK_AURORA)).error !== null;
    if (!this.#isPipelined) delete connected.pipeline;
    if (!this.#isReadOnly) return connected;
    const { error } = await connected.query(READ_ONLY);
    if (error === null) return connected;
    connected.destroy();
    return error;
  }

  async kill(ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const connected = await this.#open(null);
    if (!(connected instanceof OpenConnection)) return;
    for (const id of ids) await connected.query(`KILL ${id}`);
    await connected.close();
  }

  #open(db: string | null): Promise<OpenConnection | ServerError> {
    return new Promise((resolve) => {
      const connection = mysql2.createConnection({
        ...this.#options,
        ...(db === null ? {} : { database: db }),
        charset: "utf8mb4",
        connectTimeout: CONNECT_TIMEOUT_MS,
        flags: FLAGS,
      });
      connection.once("error", (error) => {
        connection.destroy();
        resolve(errorOf(error));
      });
      connection.once("connect", () => {
        connection.removeAllListeners("error");
        resolve(new OpenConnection(connection));
      });
    });
  }
}

class OpenConnection implements Connection {
  readonly #connection: MysqlConnection;
  #isLost = false;
  /** Told when the connection ends amid a statement. */
  #onLost: ((error: ServerError) => void) | null = null;
  /** The one that is under way; undefined before the first. */
  #pipeline: Pipeline | null | undefined = undefined;

  constructor(connection: MysqlConnection) {
    this.#connection = connection;
    connection.on("error", (error) => this.#lose(errorOf(error)));
    connection.on("end", () => this.#lose(CLOSED));
  }

  get id(): number {
    return this.#connection.threadId ?? 0;
  }

  query(sql: string): Promise<Answer> {
    return this.#ask((done) => this.#connection.query(sql, done));
  }

  /** As of Connection; there to be taken away where the server does not take it. */
  pipeline?: NonNullable<Connection["pipeline"]> = async (texts, onAnswers) => {
    const pipeline = new Pipeline(texts, onAnswers, (error) => this.#refused(error));
    if (this.#isLost) {
      pipeline.lose(CLOSED);
      return pipeline.ended;
    }
    const raw = this.#connection as unknown as RawConnection;
    // Behind mysql2's own listener: by then it has read all packets of what has come.
    if (this.#pipeline === undefined) raw.stream.on("data", () => this.#pipeline?.tell(arrivals.within()));
    this.#pipeline = pipeline;
    this.#onLost = (error) => pipeline.lose(error);
    raw.addCommand(pipeline);
    try {
      await pipeline.ended;
    } finally {
      this.#pipeline = null;
      this.#onLost = null;
    }
  };

  prepare(sql: string): Promise<Prepared | Answer> {
    return this.#answered<Prepared>((settle) => {
      this.#connection.prepare(sql, (error, statement) =>
        settle(error ? this.#refused(error) : this.#prepared(statement)),
      );
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isLost) return resolve();
      this.#isLost = true;
      this.#connection.end(() => resolve());
    });
  }

  destroy(): void {
    this.#connection.destroy();
    this.#lose(CLOSED);
  }

  #prepared(statement: PrepareStatementInfo): Prepared {
    return {
      execute: (values) => this.#ask((done) => statement.execute(values.map(parameterOf), done)),
      close: () => {
        if (!this.#isLost) statement.close();
      },
    };
  }

  /** Sends a command, whose rows are dropped. @param send returns mysql2's command */
  #ask(send: (done: (error: Error | null) => void) => object): Promise<Answer> {
    return this.#answered<Answer>((settle) => {
      const command = send((error) => {
        if (error !== null) settle(this.#refused(error));
      });
      readWithoutRows(command, (inTransaction) => settle({ error: null, inTransaction, isLost: false }));
    });
  }

  /** What a command is answered with, or the loss of the connection, if that comes first. */
  #answered<Reply>(send: (settle: (reply: Reply | Answer) => void) => void): Promise<Reply | Answer> {
    return new Promise((resolve) => {
      if (this.#isLost) return resolve(lostBy(CLOSED));
      this.#onLost = (error) => resolve(lostBy(error));
      send((reply) => {
        this.#onLost = null;
        resolve(reply);
      });
    });
  }

  /** The answer that an error is. */
  #refused(error: Error): Answer {
    const isLost = this.#isLost || isFatal(error);
    this.#isLost = isLost;
    return { error: errorOf(error), inTransaction: null, isLost };
  }

  #lose(error: ServerError): void {
    this.#isLost = true;
    this.#onLost?.(error);
    this.#onLost = null;
  }
}

const CLOSED: ServerError = { code: "PROTOCOL_CONNECTION_LOST", message: "The connection was closed" };

function errorOf(error: Error): ServerError {
  const { code, errno, message } = error as NodeJS.ErrnoException;
  return { code: code ?? (errno === undefined ? error.name : `ERROR_${errno}`), message };
}

/** Shutdown, a killed connection (MariaDB), one that was idle for too long (MySQL): the server closes it behind the error. */
const LAST_ERRORS = new Set([1053, 1927, 4031]);

/** Whether an error ends its connection. */
function isFatal(error: Error): boolean {
  const { fatal, errno } = error as { fatal?: boolean; errno?: number };
  return fatal === true || LAST_ERRORS.has(errno ?? 0);
}

/** A value as mysql2 binds it. */
function parameterOf(value: BoundValue) {
  switch (value.type) {
    case "null":
      return null;
    case "integer":
      return mysql2.TypedParameter.LONGLONG(value.text);
    case "decimal":
      return mysql2.TypedParameter.NEWDECIMAL(value.text);
    case "double":
      return value.value;
    case "text":
      return value.text;
    case "bytes":
      return Buffer.from(value.hex, "hex");
  }
}
