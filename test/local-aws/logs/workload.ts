/**
 * The built-in workload: what an instance's clients do, as a pure function of the workload's settings and the second, so
 * that a test can compute what the log should hold. Nothing here imports Node: the tests run in workerd.
 */
import { Dice, hashText, random } from "../random.ts";
import { formatRecords, type LogForm, type LogRecord, logForm } from "./log-format.ts";
import { amazonsStatement, countStatements, longStatement, makeUnit, type Utterance } from "./statements.ts";

/** What makes a workload this one and no other. */
export interface Workload {
  /** DBInstanceIdentifier. */
  instance: string;
  /** RDS's name of the engine: it decides the form of the log. */
  engine: string;
  seed: number;
  /** Statements (Query and Execute records) of clients per second; fractions are spread. 0: silence, of Amazon too. */
  rate: number;
  /** Now and then a statement of an exact length. */
  long?: LongStatements | undefined;
  /** Whether sessions that connected before the slow log was switched on write nothing to it, as on real servers. */
  deaf?: boolean | undefined;
}

/** Statements that are long on demand. */
export interface LongStatements {
  bytes: number;
  /** One in each second that this divides, since the epoch. */
  everySeconds: number;
}

/** A stretch of time in epoch milliseconds, its end excluded. */
export interface Window {
  from: number;
  to: number;
}

/** One record of a workload. */
export interface GeneratedRecord extends LogRecord {
  /** As the log states it: whole seconds for MariaDB. A window holds the records whose stated time is in it. */
  timeMicros: number;
  /** Who the thread belongs to; the log says so in its Connect record only, which may be from before the window. */
  user: string;
  host: string;
}

/** What a session says, and exactly when: a log may state less. */
export interface Spoken {
  /** Microseconds since the epoch. */
  momentMicros: number;
  threadId: number;
  user: string;
  host: string;
  command: string;
  statement: string;
  /** The second in which the session connected. */
  connected: number;
  /** Its default database once the command is carried out; null for none. */
  database: string | null;
}

interface Session {
  threadId: number;
  user: string;
  host: string;
  /** The schema in its Connect record, or an empty text. */
  database: string;
  /** Its first and its last second. */
  first: number;
  last: number;
}

/** How many sessions there are at a time: some last for a day, the last of all is Amazon's own. */
const SLOTS = 14;
const DAY_LONG_SLOTS = 3;
const AMAZONS_SLOTS: readonly number[] = [0, SLOTS - 1];
const DAY_SECONDS = 86_400;
const USERS = ["app", "app", "app_ro", "reports", "batch", "rené", "admin"] as const;
/** The default database of every session but Amazon's. */
const HOME_DATABASE = "shop";
const DENIED_CHANCE = 0.02;
/** Statements of a second lie between these: after its Connect records, before its Quit records. */
const EARLIEST_MICROS = 60_000;
const LATEST_MICROS = 940_000;

/** The exact records of a workload in a window, in the order of the log. */
export function generatedRecords({ from, to, ...workload }: Workload & Window): GeneratedRecord[] {
  const form = logForm(workload.engine);
  if (form === undefined) return [];
  const records: GeneratedRecord[] = [];
  for (let second = Math.floor(from / 1_000); second * 1_000 < to; second++) {
    for (const { momentMicros, threadId, user, host, command, statement } of spokenIn(workload, second)) {
      // MariaDB's log has whole seconds, and tests compare with what is in the log.
      const timeMicros = form === "mysql" ? momentMicros : second * 1e6;
      if (timeMicros >= from * 1_000 && timeMicros < to * 1_000) {
        records.push({ timeMicros, threadId, user, host, command, statement });
      }
    }
  }
  return records;
}

/** The same as the server logs it; a log of several windows is their texts one after another. */
export function generatedText(window: Workload & Window): string {
  const form = logForm(window.engine);
  return form === undefined ? "" : formatRecords(form, generatedRecords(window));
}

/** What the sessions of a workload say in a second, in the order of time. @param second seconds since the epoch */
export function spokenIn(workload: Workload, second: number): Spoken[] {
  const { instance, seed, rate, engine } = workload;
  const form = logForm(engine);
  if (form === undefined || rate <= 0) return [];
  const base = hashText(`${instance}/${seed}`);
  const dice = new Dice(hashText(`${base}/${second}`));
  const sessions = Array.from({ length: SLOTS }, (_, slot) => sessionAt(base, slot, second));
  const spoken = utterancesOf(workload, form, second, dice);
  const records = sessions.flatMap((session, slot) => timed(session, second, spoken[slot] ?? [], dice, form));
  records.push(...deniedLogin(base, second, form));
  return records.sort((a, b) => a.momentMicros - b.momentMicros);
}

/** What is said in a second, by slot. */
function utterancesOf(workload: Workload, form: LogForm, second: number, dice: Dice): Utterance[][] {
  const { rate, long } = workload;
  const spoken: Utterance[][] = Array.from({ length: SLOTS }, () => []);
  const clientSlots = SLOTS - AMAZONS_SLOTS.length;
  let remaining = Math.floor(rate * (second + 1)) - Math.floor(rate * second);
  while (remaining > 0) {
    const unit = makeUnit(dice, form, remaining);
    spoken[1 + dice.below(clientSlots)]?.push(...unit);
    remaining -= countStatements(unit);
  }
  if (long !== undefined && second % long.everySeconds === 0)
    spoken[1]?.push(longStatement(dice, long.bytes));
  for (const slot of AMAZONS_SLOTS) {
    if (dice.next() < 0.3) spoken[slot]?.push(amazonsStatement(dice, second));
  }
  return spoken;
}

/** The session that a slot has in a second: they follow one another without a gap. */
function sessionAt(base: number, slot: number, second: number): Session {
  const slotSeed = hashText(`${base}/slot/${slot}`);
  const isDayLong = slot < DAY_LONG_SLOTS;
  const length = isDayLong ? DAY_SECONDS : 15 + Math.floor(random(slotSeed, -1) * 90);
  const phase = Math.floor(random(slotSeed, -2) * length);
  const index = Math.floor((second + phase) / length);
  const dice = new Dice(hashText(`${slotSeed}/session/${index}`));
  const first = index * length - phase;
  const isAmazons = AMAZONS_SLOTS.includes(slot);
  return {
    // Few digits for the old ones, many for the young ones; no two within days are the same.
    threadId: isDayLong ? 8 + slot + (index % 10) * DAY_LONG_SLOTS : 50 + (index % 70_000) * SLOTS + slot,
    user: isAmazons ? "rdsadmin" : dice.pick(USERS),
    host: isAmazons ? "localhost" : `10.0.${dice.below(4)}.${1 + dice.below(250)}`,
    database: isAmazons || dice.next() < 0.3 ? "" : HOME_DATABASE,
    first,
    last: first + length - 1,
  };
}

/** Gives a session's utterances their times, after its Connect and before its Quit. */
function timed(
  session: Session,
  second: number,
  spoken: readonly Utterance[],
  dice: Dice,
  form: LogForm,
): Spoken[] {
  const { threadId, user, host } = session;
  // Whoever changes the database changes it back in the same second.
  let database = user === "rdsadmin" ? null : HOME_DATABASE;
  const record = (micros: number, command: string, statement: string): Spoken => {
    if (command === "Init DB") database = statement;
    const momentMicros = second * 1e6 + micros;
    return { momentMicros, threadId, user, host, command, statement, connected: session.first, database };
  };
  const step = (LATEST_MICROS - EARLIEST_MICROS) / Math.max(1, spoken.length);
  const records = spoken.map(({ command, statement }, index) =>
    record(EARLIEST_MICROS + Math.floor((index + 0.1 + 0.8 * dice.next()) * step), command, statement),
  );
  if (second === session.first) {
    const micros = dice.below(EARLIEST_MICROS - 20);
    const opening = [record(micros, "Connect", connectText(session, form))];
    if (session.database === "" && user !== "rdsadmin")
      opening.push(record(micros + 9, "Init DB", HOME_DATABASE));
    records.unshift(...opening);
  }
  if (second === session.last) records.push(record(LATEST_MICROS + dice.below(59_000), "Quit", ""));
  return records;
}

function connectText({ user, host, database }: Session, form: LogForm): string {
  const network = form === "mysql" ? "SSL/TLS" : "TCP/IP";
  return `${user}@${host} on ${database} using ${host === "localhost" ? "Socket" : network}`;
}

/** A failed login is two Connect records of a thread, and nothing else. */
function deniedLogin(base: number, second: number, form: LogForm): Spoken[] {
  if (random(base ^ 0x5bd1e995, second) >= DENIED_CHANCE) return [];
  const [user, host] = ["guest", "10.0.9.9"];
  const threadId = 50 + 70_000 * SLOTS + (second % DAY_SECONDS);
  const session: Session = { threadId, user, host, database: "", first: second, last: second };
  const refusal = `Access denied for user '${user}'@'${host}' (using password: YES)`;
  return [connectText(session, form), refusal].map((statement, index) => ({
    momentMicros: second * 1e6 + 500_000 + index,
    threadId,
    user,
    host,
    command: "Connect",
    statement,
    connected: second,
    database: null,
  }));
}
