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

const app = new Flagon(__dirname);
app.register(Hello);
export default app;
