import { createApp } from "./app.js";
import { drive } from "./drive.js";

const app = createApp();
drive((path, init) => app.fetch(new Request(`http://localhost${path}`, init))).then((mistakes) =>
  console.log(`MISTAKES${JSON.stringify(mistakes)}`),
);
