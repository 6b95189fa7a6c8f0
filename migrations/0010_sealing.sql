CREATE TABLE `seal_keys` (
	`env_id` integer NOT NULL,
	`number` integer NOT NULL,
	`sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`env_id`, `number`)
);
--> statement-breakpoint
ALTER TABLE `captures` ADD `sealed` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `environments` ADD `sealed` integer DEFAULT 0 NOT NULL;