CREATE TABLE `deleted_environments` (
	`env_id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`deleted_by` text NOT NULL,
	`deleted_at` integer NOT NULL,
	`admins` text NOT NULL,
	`erased_at` integer
);
--> statement-breakpoint
CREATE INDEX `deleted_environments_erased_at` ON `deleted_environments` (`erased_at`) WHERE erased_at is not null;--> statement-breakpoint
CREATE TABLE `erasures` (
	`capture_id` integer PRIMARY KEY NOT NULL,
	`env_id` integer NOT NULL,
	`why` text NOT NULL,
	`requested_by` text,
	`requested_at` integer NOT NULL,
	`with_metrics` integer NOT NULL,
	`objects` integer DEFAULT 0 NOT NULL,
	`bytes` integer DEFAULT 0 NOT NULL,
	`found_objects` integer,
	`found_bytes` integer,
	`tried_at` integer,
	`finished_at` integer
);
--> statement-breakpoint
CREATE INDEX `erasures_env_id` ON `erasures` (`env_id`,`capture_id`);--> statement-breakpoint
CREATE INDEX `erasures_pending` ON `erasures` (`tried_at`) WHERE finished_at is null;--> statement-breakpoint
CREATE INDEX `erasures_finished_at` ON `erasures` (`finished_at`) WHERE finished_at is not null;--> statement-breakpoint
CREATE TABLE `seal_keys` (
	`env_id` integer NOT NULL,
	`number` integer NOT NULL,
	`sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`env_id`, `number`)
);
--> statement-breakpoint
ALTER TABLE `captures` ADD `sealed` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `captures` ADD `workload_erased_at` integer;--> statement-breakpoint
ALTER TABLE `captures` ADD `metrics_erased_at` integer;--> statement-breakpoint
ALTER TABLE `captures` ADD `erased_why` text;--> statement-breakpoint
CREATE INDEX `captures_env_id_ended_at` ON `captures` (`env_id`,`ended_at`) WHERE ended_at is not null and workload_erased_at is null;--> statement-breakpoint
ALTER TABLE `environments` ADD `retention_days` integer;--> statement-breakpoint
ALTER TABLE `environments` ADD `retains_metrics` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `environments` ADD `sealed` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `environments` ADD `erasing_at` integer;--> statement-breakpoint
CREATE INDEX `environments_erasing_at` ON `environments` (`erasing_at`) WHERE erasing_at is not null;--> statement-breakpoint
CREATE INDEX `environments_retention` ON `environments` (`id`) WHERE retention_days is not null;