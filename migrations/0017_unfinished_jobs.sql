CREATE TABLE `unfinished_jobs` (
	`name` text PRIMARY KEY NOT NULL,
	`after` integer NOT NULL,
	`next_at` integer NOT NULL
);
