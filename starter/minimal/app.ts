import { Flagon, html, route } from "flagon";

const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Hello</title>
<link rel="icon" href="data:,">
<style>body { font: 1.2rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem }</style>
</head>
<body>
<h1>Hello, world!</h1>
<p>Change this text in <code>app.ts</code>, and save it: the page refreshes.</p>
</body>
</html>`;

class Hello {
  @route("/")
  index() {
    return page;
  }

  @route("/hello/<name>")
  greet({ name }: { name: string }) {
    return { hello: name };
  }
}

const app = new Flagon(__dirname);
app.register(Hello);
export default app;
