/** What of oidc-provider, which has no types, test/browser/provider.ts uses: https://github.com/panva/node-oidc-provider */
declare module "oidc-provider" {
  import type { IncomingMessage, ServerResponse } from "node:http";

  export default class Provider {
    constructor(issuer: string, configuration: Record<string, unknown>);
    /** Answers a request of Node.js's HTTP server. */
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  }
}
