import { expect, test } from "vitest";
import { Arrivals } from "../../../src/cli/replay/arrivals.ts";

/** A process whose time is set, in milliseconds. */
function process() {
  const time = { now: 0, slept: 0 };
  let looksAgain = () => {};
  const arrivals = new Arrivals({
    now: () => time.now,
    slept: () => time.slept,
    beforeNextLook: (then) => {
      looksAgain = then;
    },
  });
  return {
    arrivals,
    busy: (millis: number) => {
      time.now += millis;
    },
    sleep: (millis: number) => {
      time.now += millis;
      time.slept += millis;
    },
    look: () => looksAgain(),
  };
}

test("what a busy process finds has come since it looked last", () => {
  const { arrivals, busy, look } = process();
  arrivals.within();
  busy(3);
  look();
  expect(arrivals.within()).toBe(3000);
});

test("what wakes a process has come just then, and what is found with it while it was busy", () => {
  const { arrivals, busy, sleep, look } = process();
  arrivals.within();
  look();
  sleep(500);
  expect(arrivals.within()).toBe(0);
  look();
  busy(1);
  sleep(100);
  busy(2);
  expect(arrivals.within()).toBe(3000);
});

test("what other sockets have was found by the same look", () => {
  const { arrivals, busy, look } = process();
  arrivals.within();
  busy(5);
  look();
  arrivals.within();
  busy(1);
  expect(arrivals.within()).toBe(6000);
  look();
  expect(arrivals.within()).toBe(1000);
});
