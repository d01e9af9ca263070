import { createApp } from "./app.js";
import { drive } from "./drive.js";

test("the feature app is whole", async () => {
  const app = createApp();
  expect(await drive((path, init) => app.fetch(new Request(`http://localhost${path}`, init)))).toEqual([]);
});
