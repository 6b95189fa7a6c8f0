import { afterAll } from "vitest";

// What a file has provoked is known by the module that its tests loaded, which is not the one of the files before it.
afterAll(async () => (await import("../support/provoked.ts")).reportProvoked());
