/** Whether there are as many accounts as there may be, `:maxAccounts`, in SQL. Those that were deleted do not count. */
export const IS_FULL =
  "(select count(*) from (select 1 from user where deleted_at is null limit :maxAccounts)) >= :maxAccounts";
