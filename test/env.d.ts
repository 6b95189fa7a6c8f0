declare namespace Cloudflare {
  interface Env {
    /** The migrations, read by vitest.config.ts. */
    MIGRATIONS: import("cloudflare:test").D1Migration[];
    /** A limiter of three requests a minute, from vitest.config.ts. */
    TEST_LIMITER: RateLimit;
  }
}
