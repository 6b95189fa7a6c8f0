import { type Packet, type State, statesOfAnswer } from "./answers.ts";
import { type Answer, lostBy, type OnAnswers, type ServerError } from "./driver.ts";

/*
 * Texts that are sent to a server in one write. The protocol has no word for that: a server reads the next command from its socket when
 * it is done with the one before, so that the answers come in order. It saves a write, a wake-up of either side and a wait for each
 * statement. To mysql2 (3.24.6, whose version is pinned) all of them are one command: it gives it every packet that arrives, and tells
 * it when the connection fails (`lib/base/connection.js`: `addCommand`, `handlePacket`, `_notifyError`).
 */

/** What of mysql2's connection is used beside its types. */
export interface RawConnection {
  addCommand(command: Pipeline): void;
  write(bytes: Uint8Array): void;
  /** The number that the next packet of an answer has to have. */
  sequenceId: number;
  clientEncoding: string;
  stream: { on(event: "data", listener: () => void): void };
}

interface AnyPacket extends Packet {
  isError(): boolean;
  asError(encoding: string): Error;
}

const QUERY = 3;
const HEAD_BYTES = 5;
/** The first packet of each answer: its command was packet 0. */
const FIRST_OF_ANSWER = 1;

/** Texts, of less than 16 MB each, that were sent in one write, and the answers that have come. */
export class Pipeline {
  /** Resolves when every text has an answer that was told. */
  readonly ended: Promise<void>;
  readonly #texts: readonly string[];
  readonly #onAnswers: OnAnswers;
  readonly #answerOf: (error: Error) => Answer;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;
  #isOver = false;
  readonly #header: State;
  #state: State;
  #waiting: number;
  #come: Answer[] = [];

  /**
   * @param onAnswers told of the answers that have come together, in order; what it throws, `ended` rejects with
   * @param answerOf makes an answer of an error of mysql2's
   */
  constructor(texts: readonly string[], onAnswers: OnAnswers, answerOf: (error: Error) => Answer) {
    this.#texts = texts;
    this.#waiting = texts.length;
    this.#onAnswers = onAnswers;
    this.#answerOf = answerOf;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#header = statesOfAnswer((inTransaction) =>
      this.#add({ error: null, inTransaction, isLost: false }),
    );
    this.#state = this.#header;
  }

  /** As mysql2 calls it: without a packet when it is the command's turn. @returns whether the last answer is over */
  execute(packet: AnyPacket | undefined, connection: RawConnection): boolean {
    connection.sequenceId = FIRST_OF_ANSWER;
    if (packet === undefined) {
      connection.write(commandsOf(this.#texts));
      return false;
    }
    if (packet.isError()) this.#fail(this.#answerOf(packet.asError(connection.clientEncoding)));
    else {
      this.#state = (this.#state as NonNullable<State>)(packet);
      if (this.#state !== null) {
        connection.sequenceId = (packet.sequenceId + packet.numPackets) % 256;
        return false;
      }
    }
    this.#state = this.#header;
    return this.#waiting === 0;
  }

  /** As mysql2 calls it when the connection fails. */
  onResult(error: Error): void {
    this.lose(this.#answerOf(error).error as ServerError);
  }

  /** The connection is gone: what has no answer yet will have none. */
  lose(error: ServerError): void {
    this.#fail(lostBy(error));
    this.tell(0);
  }

  /** Tells what has come. @param within as of OnAnswers */
  tell(within: number): void {
    const answers = this.#come;
    if (answers.length === 0 || this.#isOver) return;
    this.#come = [];
    this.#isOver = this.#waiting === 0;
    try {
      this.#onAnswers(answers, within);
      if (this.#isOver) this.#resolve();
    } catch (error) {
      this.#isOver = true;
      this.#reject(error);
    }
  }

  /** The server refuses the text whose turn it is; where it ends the connection with that, also all behind it. */
  #fail(answer: Answer): void {
    if (this.#waiting > 0) this.#add(answer);
    while (answer.isLost && this.#waiting > 0) this.#add(answer);
  }

  #add(answer: Answer): void {
    this.#waiting--;
    this.#come.push(answer);
  }
}

/** A packet for each text: three bytes of its length, its number, the command, the text. */
function commandsOf(texts: readonly string[]): Uint8Array {
  let size = 0;
  for (const text of texts) size += HEAD_BYTES + Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const text of texts) {
    const length = bytes.write(text, at + HEAD_BYTES);
    bytes.writeUIntLE(length + 1, at, 3);
    bytes[at + 3] = 0;
    bytes[at + 4] = QUERY;
    at += HEAD_BYTES + length;
  }
  return bytes;
}
