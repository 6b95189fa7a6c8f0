ALTER TABLE `captures` ADD `metrics_archived_at` integer;--> statement-breakpoint
-- Written by hand: captures that ended before there was an archive are due now, and cron takes them up, some each minute.
UPDATE `captures` SET `due_at` = `ended_at`
WHERE `status` IN ('DONE', 'FAILED') AND `started_at` IS NOT NULL AND `ended_at` IS NOT NULL AND `deleted_at` IS NULL;
