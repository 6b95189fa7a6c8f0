/*
 * Stands in for the OpenAPI description of better-auth's router in the Worker's bundle (`[alias]` in wrangler.toml): this service has its
 * own (src/openapi), and no route leads to that one.
 */

function noOpenApi(): never {
  throw new Error("This service's description is made by npm run openapi");
}

export { noOpenApi as generator, noOpenApi as getHTML };
