import { basename, dirname } from "node:path";
import { Flagon, route } from "flagon";

class Hello {
  @route("/")
  index() {
    return "Hello, world!";
  }

  @route("/hello/<name>")
  greet({ name }: { name: string }) {
    return { hello: name };
  }
}

// The root of the app is the project's folder, also for dist/app.js.
const root = basename(__dirname) === "dist" ? dirname(__dirname) : __dirname;

const app = new Flagon(root);
app.register(Hello);
export default app;
