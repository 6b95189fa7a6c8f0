ALTER TABLE `captures` ADD `labels` text DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE `captures` ADD `notes` text;--> statement-breakpoint
ALTER TABLE `captures` ADD `back_dated` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `captures` ADD `begins_at` integer GENERATED ALWAYS AS (coalesce(started_at, scheduled_start, created_at)) VIRTUAL;--> statement-breakpoint
CREATE INDEX `captures_env_id_begins_at` ON `captures` (`env_id`,`deleted_at`,`begins_at`,`id`);--> statement-breakpoint
ALTER TABLE `log_leases` ADD `kept_until` integer;--> statement-breakpoint
-- Until now only its times show that a capture was back-dated; the clocks of two machines may differ by five seconds.
UPDATE `captures` SET `back_dated` = 1 WHERE `scheduled_start` IS NULL AND `started_at` < `created_at` - 5000;
