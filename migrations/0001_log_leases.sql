CREATE TABLE `log_leases` (
	`capture_id` integer PRIMARY KEY NOT NULL,
	`lease_name` text NOT NULL,
	`acquired_at` integer NOT NULL,
	`tried_at` integer,
	FOREIGN KEY (`capture_id`) REFERENCES `captures`(`id`) ON UPDATE no action ON DELETE no action
);
