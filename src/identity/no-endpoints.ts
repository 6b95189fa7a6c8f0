/*
 * Stands in for endpoints of better-auth's that routes.ts does not let anybody reach (`[alias]` in wrangler.toml): its HTML page
 * of errors, a social account's, and passwords that are reset by e-mail. They are 33 KB. better-auth's router leaves an endpoint
 * without a path out.
 */

const noEndpoint = {};

export {
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
  noEndpoint as unlinkAccount,
  noEndpoint as verifyPassword,
};
