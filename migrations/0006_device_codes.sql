CREATE TABLE `device_codes` (
	`device_hash` text PRIMARY KEY NOT NULL,
	`user_hash` text NOT NULL,
	`client` text NOT NULL,
	`address` text,
	`status` text DEFAULT 'pending' NOT NULL,
	`decided_by` text,
	`key_seconds` integer,
	`interval` integer NOT NULL,
	`polled_at` integer,
	`created_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	FOREIGN KEY (`decided_by`) REFERENCES `user`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `device_codes_user_hash_unique` ON `device_codes` (`user_hash`);--> statement-breakpoint
CREATE INDEX `device_codes_expires_at` ON `device_codes` (`expires_at`);