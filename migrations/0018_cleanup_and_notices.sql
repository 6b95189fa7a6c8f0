CREATE TABLE `unfinished_jobs` (
	`name` text PRIMARY KEY NOT NULL,
	`after` integer NOT NULL,
	`next_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `webhook_notices` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`webhook_id` integer NOT NULL,
	`user_id` text NOT NULL,
	`disabled_at` integer NOT NULL,
	`message_id` text NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`next_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_notices_once` ON `webhook_notices` (`webhook_id`,`disabled_at`,`user_id`);--> statement-breakpoint
CREATE INDEX `webhook_notices_next_at` ON `webhook_notices` (`next_at`);