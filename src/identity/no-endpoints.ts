/*
 * Stands in for endpoints of better-auth's that routes.ts does not let anybody reach (`[alias]` in wrangler.toml): its HTML page
 * of errors, a social account's, and what is done by e-mail, which is this service's own (links). They are 40 KB. better-auth's
 * router leaves an endpoint without a path out.
 */

const noEndpoint = {};

function noEmail(): never {
  throw new Error("better-auth sends no e-mail here");
}

export {
  noEmail as createEmailVerificationToken,
  noEmail as sendVerificationEmailFn,
  noEndpoint as accountInfo,
  noEndpoint as callbackOAuth,
  noEndpoint as error,
  noEndpoint as getAccessToken,
  noEndpoint as linkSocialAccount,
  noEndpoint as listUserAccounts,
  noEndpoint as refreshToken,
  noEndpoint as requestPasswordReset,
  noEndpoint as requestPasswordResetCallback,
  noEndpoint as resetPassword,
  noEndpoint as sendVerificationEmail,
  noEndpoint as unlinkAccount,
  noEndpoint as verifyEmail,
  noEndpoint as verifyPassword,
};
