/* Whether the service has room for another account. Apart from what asks, some of which brings better-auth along. */

/** Whether there are as many accounts as there may be, `:maxAccounts`, in SQL. Those that were deleted do not count. */
export const IS_FULL =
  "(select count(*) from (select 1 from user where deleted_at is null limit :maxAccounts)) >= :maxAccounts";
