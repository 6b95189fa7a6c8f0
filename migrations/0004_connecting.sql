CREATE TABLE `pending_external_ids` (
	`user_id` text PRIMARY KEY NOT NULL,
	`external_id` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
ALTER TABLE `captures` ADD `engine` text;--> statement-breakpoint
ALTER TABLE `captures` ADD `cluster_role_at_start` text;--> statement-breakpoint
ALTER TABLE `captures` ADD `cluster_role` text;--> statement-breakpoint
ALTER TABLE `captures` ADD `obstacle` text;--> statement-breakpoint
ALTER TABLE `environments` ADD `external_id` text;--> statement-breakpoint
ALTER TABLE `environments` ADD `cluster` text;--> statement-breakpoint
ALTER TABLE `environments` ADD `is_ready` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `environments` ADD `checks` text;--> statement-breakpoint
ALTER TABLE `environments` ADD `checked_at` integer;
