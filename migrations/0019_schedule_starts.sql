ALTER TABLE `schedules` ADD `start` text;--> statement-breakpoint
ALTER TABLE `schedules` ADD `last_at` integer;