import { NUMBER, QUOTED, STRING, WORD } from "../lexer/lexer.ts";
import { ENDED, KEEP, REMOVE, StatementGrammar, UNEXPECTED, type Verdict } from "./statement-grammar.ts";

/*
 * The grammar of statements whose options say how to connect to another server, one of them a password: CHANGE MASTER, CHANGE
 * REPLICATION SOURCE, START REPLICA and CREATE SERVER, after `change_replication_source`, `start_replica` and `server_def` in MySQL
 * 8.4's sql_yacc.yy, and MariaDB 11.8's.
 */

/** The options whose values are no secrets. An option with any other name may be one. */
const HARMLESS = new RegExp(
  `^(?:${[
    "(?:MASTER|SOURCE)_(?:HOST|USER|PORT|BIND|CONNECT_RETRY|RETRY_COUNT|DELAY|LOG_FILE|LOG_POS|AUTO_POSITION)",
    "(?:MASTER|SOURCE)_(?:HEARTBEAT_PERIOD|SSL|SSL_\\w+|TLS_\\w+|USE_GTID|DEMOTE_TO_\\w+|PUBLIC_KEY_PATH)",
    "(?:MASTER|SOURCE)_(?:COMPRESSION_ALGORITHMS|ZSTD_COMPRESSION_LEVEL|CONNECTION_AUTO_FAILOVER|GTID_POS)",
    "RELAY_LOG_(?:FILE|POS)|(?:IGNORE|DO)_(?:SERVER|DOMAIN)_IDS|SQL_(?:BEFORE|AFTER)_GTIDS|GTID_ONLY",
    "GET_(?:MASTER|SOURCE)_PUBLIC_KEY|REQUIRE_ROW_FORMAT|REQUIRE_TABLE_PRIMARY_KEY_CHECK|NETWORK_NAMESPACE",
    "PRIVILEGE_CHECKS_USER|ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS",
    "USER|HOST|DATABASE|SOCKET|OWNER|PORT|DEFAULT_AUTH|PLUGIN_DIR",
  ].join("|")})$`,
);
/** Words that stand by themselves after START. */
const STARTED =
  /^(?:ALL|SLAVES?|REPLICA|GROUP_REPLICATION|(?:SQL|IO|RELAY)_THREAD|UNTIL|SQL_AFTER_MTS_GAPS)$/;

/** Where in the grammar a statement is: its words before the options, or a part of an option. */
type Place = "head" | "option" | "equals" | "value" | "list" | "channel" | "end";

/** Reads the options of CHANGE MASTER TO and CHANGE REPLICATION SOURCE TO, START REPLICA, CREATE SERVER. */
export class ReplicationGrammar extends StatementGrammar {
  readonly verb: "CHANGE" | "START" | "SERVER";
  /** Never: `start replica` and `change master data` may be anybody's text, unless a password follows. */
  readonly isLikely = false;
  #place: Place;
  #name = "";

  /** @param last the token that the statement began with, in capitals */
  constructor(verb: "CHANGE" | "START" | "SERVER", last: string) {
    super();
    this.verb = verb;
    this.previous = last;
    this.#place = verb === "START" ? "option" : "head";
  }

  get atSecret(): boolean {
    return this.#place !== "head" && this.#name.endsWith("PASSWORD");
  }

  #go(place: Place): Verdict {
    this.#place = place;
    return KEEP;
  }

  protected read(kind: number, token: string): Verdict {
    switch (this.#place) {
      case "head":
        return this.verb === "CHANGE" ? this.#change(kind, token) : this.#server(kind, token);
      case "option":
        return this.#option(kind, token);
      case "equals":
        if (token === "=") return this.#go("value");
        return this.verb === "SERVER" ? this.#value(kind, token) : UNEXPECTED;
      case "value":
        return this.#value(kind, token);
      case "list":
        if (token === ")") return this.#go("option");
        return kind === NUMBER || token === "," || token === "?" ? KEEP : UNEXPECTED;
      case "channel":
        if (kind === WORD && token === "CHANNEL") return KEEP;
        return kind === STRING || token === "?" ? this.#go("end") : UNEXPECTED;
      case "end":
        return UNEXPECTED;
    }
  }

  /** `CHANGE MASTER ['connection'] TO`, `CHANGE REPLICATION SOURCE TO`; `CHANGE REPLICATION FILTER` has no secrets. */
  #change(kind: number, token: string): Verdict {
    if (kind === WORD && token === "TO") return this.#go("option");
    if (this.previous === "REPLICATION")
      return token === "SOURCE" ? KEEP : token === "FILTER" ? ENDED : UNEXPECTED;
    return this.previous === "MASTER" && (kind === STRING || kind === QUOTED) ? KEEP : UNEXPECTED;
  }

  /** `CREATE SERVER name FOREIGN DATA WRAPPER name OPTIONS (`. */
  #server(kind: number, token: string): Verdict {
    if (token === "(") return this.previous === "OPTIONS" ? this.#go("option") : UNEXPECTED;
    if (kind !== STRING) return kind === WORD || kind === QUOTED ? KEEP : UNEXPECTED;
    return /^(?:SERVER|EXISTS|WRAPPER)$/.test(this.previous) ? KEEP : UNEXPECTED;
  }

  #option(kind: number, token: string): Verdict {
    this.#name = "";
    if (token === ",") return KEEP;
    if (token === ")" && this.verb === "SERVER") return this.#go("end");
    if (kind === STRING) return /^(?:SLAVE|REPLICA)$/.test(this.previous) ? KEEP : UNEXPECTED;
    if (kind !== WORD) return UNEXPECTED;
    if (this.verb === "START" && STARTED.test(token)) return KEEP;
    if (token === "FOR") return this.#go("channel");
    this.#name = token;
    return this.#go("equals");
  }

  #value(kind: number, token: string): Verdict {
    if (this.#name.endsWith("PASSWORD")) {
      if (kind !== STRING && token !== "?") return UNEXPECTED;
      this.#place = "option";
      return token === "?" ? KEEP : REMOVE;
    }
    if (!HARMLESS.test(this.#name)) return UNEXPECTED;
    if (token === "(") return this.#go("list");
    const isValue = kind === STRING || kind === NUMBER || kind === WORD || kind === QUOTED || token === "?";
    return isValue ? this.#go("option") : UNEXPECTED;
  }
}
