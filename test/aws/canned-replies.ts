import { vi } from "vitest";

/** Where the calls of AWS go in tests that answer them themselves. */
export const TARGET = { region: "us-east-1", timeoutMs: 1000 };
/** Keys for such a call. */
export const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" };

/** Answers one call after the other, those behind the last body with that one. @returns the form that each call has sent */
export function answer(...bodies: string[]): URLSearchParams[] {
  const asked: URLSearchParams[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (...sent) => {
    asked.push(new URLSearchParams(await new Request(...sent).text()));
    return new Response(bodies[Math.min(asked.length, bodies.length) - 1]);
  });
  return asked;
}
