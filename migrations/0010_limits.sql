CREATE TABLE `known_networks` (
	`user_id` text NOT NULL,
	`network` text NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`user_id`, `network`)
);
--> statement-breakpoint
CREATE INDEX `known_networks_seen_at` ON `known_networks` (`seen_at`);--> statement-breakpoint
CREATE TABLE `recorded_bytes` (
	`capture_id` integer NOT NULL,
	`month` integer NOT NULL,
	`env_id` integer NOT NULL,
	`bytes` integer NOT NULL,
	PRIMARY KEY(`capture_id`, `month`)
);
--> statement-breakpoint
CREATE INDEX `recorded_bytes_env_id_month` ON `recorded_bytes` (`env_id`,`month`);--> statement-breakpoint
CREATE INDEX `recorded_bytes_month` ON `recorded_bytes` (`month`);