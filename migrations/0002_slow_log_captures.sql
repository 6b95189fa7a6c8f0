ALTER TABLE `captures` ADD `log` text DEFAULT 'general' NOT NULL;--> statement-breakpoint
ALTER TABLE `captures` ADD `min_duration_micros` integer DEFAULT 0 NOT NULL;