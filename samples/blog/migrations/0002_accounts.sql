CREATE TABLE `users` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`password_hash` text NOT NULL,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_name` ON `users` (lower(`name`));
--> statement-breakpoint
ALTER TABLE `posts` ADD `author_id` integer REFERENCES users(id) ON DELETE set null;
--> statement-breakpoint
ALTER TABLE `comments` ADD `author_id` integer REFERENCES users(id) ON DELETE set null;
