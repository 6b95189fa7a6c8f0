ALTER TABLE `log_leases` ADD `owed_since` integer;--> statement-breakpoint
ALTER TABLE `log_leases` ADD `owed_reason` text;--> statement-breakpoint
ALTER TABLE `log_leases` ADD `owed_settings` text;--> statement-breakpoint
ALTER TABLE `log_leases` ADD `abandoned_at` integer;--> statement-breakpoint
ALTER TABLE `log_leases` ADD `abandoned_by` text;--> statement-breakpoint
CREATE INDEX `log_leases_owed_since` ON `log_leases` (`owed_since`) WHERE owed_since is not null and abandoned_at is null;