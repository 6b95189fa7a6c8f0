CREATE TABLE `schedule_events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`schedule_id` integer NOT NULL,
	`time` integer NOT NULL,
	`what` text NOT NULL,
	`actor` text NOT NULL,
	FOREIGN KEY (`schedule_id`) REFERENCES `schedules`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `schedule_events_schedule_id` ON `schedule_events` (`schedule_id`,`id`);--> statement-breakpoint
CREATE TABLE `schedules` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`env_id` integer NOT NULL,
	`owner_id` text NOT NULL,
	`name` text NOT NULL,
	`cron` text,
	`rrule` text,
	`time_zone` text NOT NULL,
	`capture_name` text NOT NULL,
	`duration` integer NOT NULL,
	`redact` text NOT NULL,
	`log` text NOT NULL,
	`min_duration_micros` integer NOT NULL,
	`max_bytes` integer,
	`labels` text NOT NULL,
	`notes` text,
	`compares` integer NOT NULL,
	`keep_last` integer,
	`number` integer DEFAULT 0 NOT NULL,
	`next_at` integer,
	`make_at` integer,
	`paused_at` integer,
	`problem` text,
	`version` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`env_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`owner_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `schedules_env_id_name` ON `schedules` (`env_id`,`name`) WHERE deleted_at is null;--> statement-breakpoint
CREATE INDEX `schedules_env_id_deleted_at_id` ON `schedules` (`env_id`,`deleted_at`,`id`);--> statement-breakpoint
CREATE INDEX `schedules_make_at` ON `schedules` (`make_at`) WHERE make_at is not null;--> statement-breakpoint
CREATE INDEX `schedules_deleted_at` ON `schedules` (`deleted_at`) WHERE deleted_at is not null;--> statement-breakpoint
ALTER TABLE `captures` ADD `schedule_id` integer;--> statement-breakpoint
ALTER TABLE `captures` ADD `occurrence` integer;--> statement-breakpoint
CREATE UNIQUE INDEX `captures_schedule_id_occurrence` ON `captures` (`schedule_id`,`occurrence`) WHERE schedule_id is not null and deleted_at is null;