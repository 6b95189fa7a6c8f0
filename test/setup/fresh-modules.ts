import { vi } from "vitest";

// What the files before it in this workerd have left behind: no module remembers anything, time and globals are the real ones.
vi.useRealTimers();
vi.unstubAllGlobals();
vi.resetModules();
