CREATE TABLE `webhook_deliveries` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`webhook_id` integer NOT NULL,
	`capture_id` integer,
	`type` text NOT NULL,
	`key` text DEFAULT '' NOT NULL,
	`sequence` integer NOT NULL,
	`message_id` text NOT NULL,
	`time` integer NOT NULL,
	`facts` text NOT NULL,
	`status` text DEFAULT 'pending' NOT NULL,
	`attempts` integer DEFAULT 0 NOT NULL,
	`first_tried_at` integer,
	`next_at` integer,
	`claim` text,
	`requeued_at` integer,
	`tried` text,
	FOREIGN KEY (`webhook_id`) REFERENCES `webhooks`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_deliveries_event` ON `webhook_deliveries` (`webhook_id`,`capture_id`,`type`,`key`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_capture_id` ON `webhook_deliveries` (`capture_id`,`webhook_id`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_webhook_id` ON `webhook_deliveries` (`webhook_id`,`id`);--> statement-breakpoint
CREATE INDEX `webhook_deliveries_next_at` ON `webhook_deliveries` (`next_at`) WHERE next_at is not null;--> statement-breakpoint
CREATE INDEX `webhook_deliveries_time` ON `webhook_deliveries` (`time`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`env_id` integer NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`events` text NOT NULL,
	`target` text,
	`address_hint` text,
	`recipient` text,
	`origin` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL,
	`paused_at` integer,
	`failing_since` integer,
	`disabled_at` integer,
	`disabled_reason` text,
	FOREIGN KEY (`env_id`) REFERENCES `environments`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `webhooks_env_id` ON `webhooks` (`env_id`);