/*
 * Stands in for endpoints of better-auth's that routes.ts does not let anybody reach (`[alias]` in wrangler.toml): its HTML page
 * of errors, a social account's, passwords that are reset and addresses that are verified by e-mail; and for the description of its API
 * that better-call would write. They are 44 KB. better-auth's router leaves an endpoint
 * without a path out.
 */

const noEndpoint = {};

export {
  noEndpoint as accountInfo,
  noEndpoint as callbackOAuth,
  noEndpoint as createEmailVerificationToken,
  noEndpoint as error,
  noEndpoint as generator,
  noEndpoint as getAccessToken,
  noEndpoint as getHTML,
  noEndpoint as linkSocialAccount,
  noEndpoint as listUserAccounts,
  noEndpoint as refreshToken,
  noEndpoint as requestPasswordReset,
  noEndpoint as requestPasswordResetCallback,
  noEndpoint as resetPassword,
  noEndpoint as sendVerificationEmail,
  noEndpoint as sendVerificationEmailFn,
  noEndpoint as unlinkAccount,
  noEndpoint as verifyEmail,
  noEndpoint as verifyPassword,
};
