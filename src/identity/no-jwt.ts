/*
 * Stands in for jose in the Worker's bundle (`[alias]` in wrangler.toml): better-auth uses it for JWTs and JWKs, which are in the
 * cookies of its caches, and in OAuth. This service has none of these, and jose is 40 KB.
 * better-auth takes what throws here for a token that is not valid.
 */

function noJwt(): never {
  throw new Error("There are no JWTs here: sessions are in D1");
}

export {
  noJwt as base64url,
  noJwt as calculateJwkThumbprint,
  noJwt as decodeProtectedHeader,
  noJwt as EncryptJWT,
  noJwt as importJWK,
  noJwt as jwtDecrypt,
  noJwt as jwtVerify,
  noJwt as SignJWT,
};
