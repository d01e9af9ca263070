import { createApp } from "./app.js";
import templates from "./templates.mjs";

const app = createApp();
app.addTemplates(templates);
export default app;
