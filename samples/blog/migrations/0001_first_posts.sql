INSERT INTO `posts` (`id`, `title`, `body`, `created_at`, `updated_at`) VALUES
(1, 'What a flagon is', 'A flagon is a large vessel with a handle and a spout, made to carry drink to a table and to be filled again. It is plain, it holds more than it seems to, and it is never in the way.

That is what a web framework should be.', 1767225600, 1767225600),
(2, 'One decorator, one page', 'Put a decorator on a method, and the method is a page. Its rule says which address it answers, the compiler checks that the method takes what the rule gives, and what it returns is sent.

Everything else is there when you reach for it: templates, forms, sessions, files.', 1769904000, 1769904000),
(3, 'Forms that remember', 'Send this form with a mistake in it and look at what comes back: what you typed is still there, the mistake is named beside its field, and the browser knew of most of it before the server did.

All of that comes from one schema.', 1772323200, 1772323200);
--> statement-breakpoint
INSERT INTO `tags` (`post_id`, `name`) VALUES (1, 'flagon'), (2, 'flagon'), (2, 'routing'), (3, 'flagon'), (3, 'forms');
--> statement-breakpoint
INSERT INTO `comments` (`post_id`, `author`, `body`, `created_at`) VALUES (1, 'A guest', 'And it pours well.', 1767312000);
