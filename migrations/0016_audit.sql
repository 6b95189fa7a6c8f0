CREATE TABLE `audit_events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`env_id` integer NOT NULL,
	`time` integer NOT NULL,
	`action` text NOT NULL,
	`actor` text NOT NULL,
	`actor_name` text,
	`via` text NOT NULL,
	`credential_id` text,
	`credential_name` text,
	`address` text,
	`subject_id` text,
	`subject_name` text,
	`details` text,
	`once` text
);
--> statement-breakpoint
CREATE INDEX `audit_events_env_id_time` ON `audit_events` (`env_id`,`time`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `audit_events_once` ON `audit_events` (`once`) WHERE once is not null;--> statement-breakpoint
CREATE TABLE `calendar_feeds` (
	`user_id` text PRIMARY KEY NOT NULL,
	`token_hash` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `calendar_feeds_token_hash_unique` ON `calendar_feeds` (`token_hash`);--> statement-breakpoint
ALTER TABLE `invites` ADD `email` text;