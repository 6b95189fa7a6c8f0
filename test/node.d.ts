/** As much of Node's zlib, which workerd has, as the tests use; all of Node's types would clash with the Workers'. */
declare module "node:zlib" {
  export function gunzipSync(bytes: Uint8Array): Uint8Array;
}
