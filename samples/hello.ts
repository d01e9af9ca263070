/*
 * The smallest app: one page, and one with a variable.
 *
 *     npx ts-node samples/hello.ts
 */
import { Flagon, html, route } from "flagon";

class Hello {
  @route("/")
  index() {
    return "<h1>Hello, world!</h1>";
  }

  @route("/hello/<name>")
  greet({ name }: { name: string }) {
    return html`<h1>Hello, ${name}!</h1>`;
  }
}

const app = new Flagon(__dirname);
app.register(Hello);
export default app;

if (require.main === module) {
  app.run();
}
