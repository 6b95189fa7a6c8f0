DROP INDEX `captures_env_id_id`;--> statement-breakpoint
CREATE INDEX `captures_env_id_deleted_at_id` ON `captures` (`env_id`,`deleted_at`,`id`);