import { createServer } from "node:http";
import { Flagon, route } from "flagon";

class Views {
  @route("/")
  index() {
    return "Hello, world!";
  }

  @route("/users/<int:id>")
  user({ id }: { id: number }) {
    return { id, name: "Ann", roles: ["admin", "author"] };
  }
}

const app = new Flagon(__dirname, { static: null });
app.register(Views);
const server = createServer(app.handler);
server.listen(0, "127.0.0.1", () => import("./headers.mjs").then(({ report }) => report(server)));
