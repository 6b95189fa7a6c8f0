ALTER TABLE `device_codes` ADD `scope` text DEFAULT 'write' NOT NULL;--> statement-breakpoint
ALTER TABLE `device_codes` ADD `key_env_id` integer;--> statement-breakpoint
ALTER TABLE `apikey` ADD `scope` text DEFAULT 'write' NOT NULL;--> statement-breakpoint
ALTER TABLE `apikey` ADD `env_id` integer REFERENCES environments(id);--> statement-breakpoint
CREATE INDEX `apikey_env_id` ON `apikey` (`env_id`) WHERE env_id is not null;