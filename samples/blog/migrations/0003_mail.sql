ALTER TABLE `users` ADD `email` text;
--> statement-breakpoint
ALTER TABLE `users` ADD `confirmed_at` integer;
--> statement-breakpoint
UPDATE `users` SET `confirmed_at` = `created_at`;
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email` ON `users` (lower(`email`));
