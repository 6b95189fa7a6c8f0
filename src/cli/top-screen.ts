import { hasEnded } from "../db/states.ts";
import { DIGEST_ORDERS, type DigestOrder } from "../workload/timing/order.ts";
import type { Cli } from "./cli.ts";
import { EXIT, Failure } from "./failure.ts";
import { colorsFor } from "./terminal/colors.ts";
import { openScreen } from "./terminal/screen.ts";
import { type TopState, topLines } from "./top-view.ts";

/** Why it ends when somebody presses q. */
const QUIT = Symbol("quit");

/**
 * Shows a capture's statements on the terminal's other screen, again and again, until somebody presses q. Of a capture that has
 * ended it shows the last.
 * @param ask gives what there is now
 * @param everyMs how often that is asked
 * @throws Failure at Ctrl-C; what the command's signal is aborted with
 */
export async function showTop(
  cli: Cli,
  ask: (order: DigestOrder, signal: AbortSignal) => Promise<TopState>,
  first: DigestOrder,
  everyMs: number,
): Promise<void> {
  const { inverse } = colorsFor(cli, cli.out);
  const over = new AbortController();
  const ended = AbortSignal.any([cli.signal, over.signal]);
  let [order, isPaused] = [first, false];
  let [state, before]: [TopState | null, TopState | null] = [null, null];
  let wake = () => {};
  const draw = () => {
    if (state === null) return;
    const { rows, columns } = cli.out;
    screen.draw(topLines(state, before, { rows, columns, title: inverse, isPaused }));
  };
  const screen = openScreen(
    cli,
    (key) => {
      if (key === "\x03") over.abort(new Failure("Interrupted", EXIT.interrupted));
      if (key === "q") over.abort(QUIT);
      if (key === " ") isPaused = !isPaused;
      if (key === "s") order = after(order);
      wake();
    },
    draw,
  );
  try {
    for (;;) {
      if (state === null || state.order !== order || !(isPaused || hasEnded(state.capture.status))) {
        const now = await ask(order, ended);
        [state, before] = [now, state];
      }
      draw();
      const isStill = isPaused || hasEnded(state.capture.status);
      await new Promise<void>((resolve, reject) => {
        ended.throwIfAborted();
        const timer = isStill ? undefined : setTimeout(resolve, everyMs);
        const end = () => reject(ended.reason);
        ended.addEventListener("abort", end);
        wake = () => {
          clearTimeout(timer);
          ended.removeEventListener("abort", end);
          resolve();
        };
      });
      wake();
    }
  } catch (reason) {
    if (reason !== QUIT) throw reason;
  } finally {
    screen.close();
  }
}

const after = (order: DigestOrder): DigestOrder =>
  DIGEST_ORDERS[(DIGEST_ORDERS.indexOf(order) + 1) % DIGEST_ORDERS.length] ?? order;
