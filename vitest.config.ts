import { resolve } from "node:path";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig, type Plugin } from "vitest/config";
import { unstable_readConfig as readConfig } from "wrangler";
import { testFiles } from "./test/setup/test-files.ts";

/** A key of 32 equal bytes. */
const key = (byte: number) => Buffer.alloc(32, byte).toString("base64");

const { withStorage, withoutStorage } = testFiles();

export default defineConfig({
  plugins: [
    cloudflareTest(async ({ inject }) => ({
      wrangler: { configPath: "./wrangler.toml" },
      // With it, workerd prints each exception that ends a call to an object, and each cut connection, which tests cause on
      // purpose. What a test does not expect, vitest reports itself.
      verbose: false,
      miniflare: {
        // Beside those of wrangler.toml, one that is soon full.
        ratelimits: { TEST_LIMITER: { namespace_id: "1", simple: { limit: 3, period: 60 } } },
        bindings: {
          AWS_ENDPOINT_URL: inject("localAwsUrl"),
          // Long enough for this machine, short enough to be waited for.
          AWS_TIMEOUT_MS: "2000",
          LOG_SETTLE_MS: "300",
          // What a capture has switched on is to be restored when it has ended, but where a test is about the grace.
          LEASE_GRACE_MS: "0",
          AUTH_RATE_LIMIT_MAX: "1000",
          // Some files make more in the environment that all of their tests share.
          MAX_LIVE_CAPTURES: "10000",
          MAX_ENVIRONMENTS: "10000",
          SIGN_UPS_PER_DAY: "10000",
          BETTER_AUTH_SECRET: "only-for-tests-0123456789abcdef0123456789abcdef",
          CREDENTIALS_KEYS: `k2:${key(2)},k1:${key(1)}`,
          AWS_ACCESS_KEY_ID: "AKIALOCALWORKER00000",
          AWS_SECRET_ACCESS_KEY: "local-worker-secret",
          MIGRATIONS: await readD1Migrations("./migrations"),
        },
      },
    })),
    withoutMapsOfDependencies(),
  ],
  // The API's description as one text, not as an object with a source map of three times its size.
  json: { stringify: true, namedExports: false },
  // Logs of real servers, which tests import as they are.
  assetsInclude: ["test/fixtures/**/*.log"],
  // workerd gets the AWS SDK's browser build, whose XML parser needs a DOM; this other build brings its own.
  resolve: {
    alias: [
      ...standIns(),
      // A build leaves zod's texts in other languages out, since nothing uses them.
      { find: /^\.\.\/locales\/index\.js$/, replacement: resolve("test/setup/no-locales.ts") },
      { find: /^@captures\/client\/account$/, replacement: resolve("src/client/account.ts") },
      { find: /^@captures\/client$/, replacement: resolve("src/client/index.ts") },
      { find: /^@aws-sdk\/xml-builder$/, replacement: "@aws-sdk/xml-builder/dist-cjs/index.js" },
    ],
  },
  test: {
    // Files wait for much, so there are as many at a time as there are processors.
    maxWorkers: "100%",
    // What the Worker logs is shown for tests that fail.
    testTimeout: 20_000,
    // The first hook of a file waits for the Worker to start, too.
    hookTimeout: 30_000,
    // How long something that comes by itself is waited for: on a busy machine, and after an eviction, seconds.
    expect: { poll: { timeout: 10_000 } },
    silent: "passed-only",
    // As @cloudflare/vitest-plugin has it, which does not tell projects.
    server: { deps: { inline: true } },
    globalSetup: ["./test/global-setup.ts"],
    projects: [
      {
        test: {
          name: "storage",
          include: withStorage,
          setupFiles: ["./test/setup/report.ts", "./test/setup/storage.ts"],
        },
      },
      // They have a workerd together: to start one takes more time than most of these files' tests.
      {
        test: {
          name: "values",
          include: withoutStorage,
          isolate: false,
          setupFiles: ["./test/setup/report.ts", "./test/setup/fresh-modules.ts"],
        },
      },
    ],
  },
});

/** Leaves the source maps of dependencies out: they were half of the 18 MB of modules that each file with storage is sent. */
function withoutMapsOfDependencies(): Plugin {
  return {
    name: "without-maps-of-dependencies",
    enforce: "post",
    transform: (code, id) => (id.includes("/node_modules/") ? { code, map: { mappings: "" } } : undefined),
  };
}

/** What wrangler.toml puts in the place of dependencies' modules, so that the tests run what is deployed. */
function standIns(): { find: RegExp; replacement: string }[] {
  const { alias = {} }: { alias?: Record<string, string> } = readConfig({ config: "wrangler.toml" });
  return Object.entries(alias).map(([specifier, file]) => ({
    find: new RegExp(`^${RegExp.escape(specifier)}$`),
    replacement: resolve(file),
  }));
}
