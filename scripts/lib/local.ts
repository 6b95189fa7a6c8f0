/** Who can sign in to a local service. */
export const DEMO = { email: "demo@example.com", password: "demo-password", name: "Demo" };

/** What the local AWS has from the start (test/local-aws/accounts.ts). */
export const LOCAL_AWS = {
  customer: { accessKeyId: "AKIALOCALDEV00000000", secretAccessKey: "local-dev-secret" },
  worker: { accessKeyId: "AKIALOCALWORKER00000", secretAccessKey: "local-worker-secret" },
  region: "us-east-1",
  instance: "demo-mysql",
  /** The one whose finished captures are there from the first start. */
  shop: "demo-shop",
  /** The one whose log a real server's file can be. */
  mariadb: "demo-mariadb",
  /** The instances of its Aurora cluster `demo-aurora`, until somebody lets it fail over. */
  aurora: { writer: "demo-aurora-1", reader: "demo-aurora-2" },
};
