/*
 * An address is somebody's account here before anybody has proved that it is theirs: whoever signed up may have typed somebody
 * else's. When its owner proves it later, by a mail or by a provider of identities, the account is theirs, and every way in that was
 * made before is closed: who made them is not known.
 */

/**
 * The SQL, step by step, that gives accounts to those who have proved their addresses, with the parameter `:now`. Steps of a batch:
 * the last one marks the address as verified.
 * @param taken SQL that selects the ids of users, which must still find them after each step but the last
 */
export const handOver = (taken: string): string[] => [
  `delete from session where user_id in (${taken})`,
  `delete from apikey where reference_id in (${taken})`,
  `delete from device_codes where decided_by in (${taken})`,
  `delete from invites where accepted_at is null and created_by in (${taken})`,
  `delete from account where user_id in (${taken})`,
  `update user set email_verified = 1, updated_at = :now where id in (${taken})`,
];
