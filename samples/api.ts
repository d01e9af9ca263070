/*
 * A JSON service with OpenAPI:
 *
 *     npx ts-node samples/api.ts
 *
 * Its page is on http://127.0.0.1:5000/docs/
 */
import { abort, blueprint, Flagon, redirect, route, urlFor } from "flagon";
import { openapi } from "flagon/openapi";
import { z } from "zod";

const Status = z.enum(["open", "done"]).meta({ id: "Status" });
const NewTask = z
  .object({ title: z.string().trim().min(1).max(200), due: z.iso.date().optional(), status: Status.default("open") })
  .meta({ id: "NewTask", description: "A task to create.", examples: [{ title: "Water the plants", status: "open" }] });
const Task = z
  .object({ id: z.int(), title: z.string(), due: z.iso.date().optional(), status: Status })
  .meta({ id: "Task", description: "A task." });
const Filter = z.object({
  status: Status.optional().describe("Only tasks in this state."),
  search: z.string().optional().describe("Only tasks whose title contains this text."),
  page: z.int().min(1).default(1),
  size: z.int().min(1).max(100).default(20),
});

type TaskData = z.output<typeof Task>;

@blueprint("tasks", { urlPrefix: "/api/tasks" })
class Tasks {
  readonly #tasks = new Map<number, TaskData>();
  #last = 0;

  @route.get("", { query: Filter, returns: z.array(Task), openapi: { summary: "Lists tasks" } })
  list({ query: { page, search, size, status } }: { query: z.output<typeof Filter> }) {
    return [...this.#tasks.values()]
      .filter((task) => status === undefined || task.status === status)
      .filter((task) => search === undefined || task.title.toLowerCase().includes(search.toLowerCase()))
      .slice((page - 1) * size, page * size);
  }

  @route.post("", { json: NewTask, returns: Task, status: 201, openapi: { summary: "Creates a task" } })
  create({ json }: { json: z.output<typeof NewTask> }) {
    this.#last++;
    const task = { id: this.#last, ...json };
    this.#tasks.set(task.id, task);
    return task;
  }

  @route.get("/<int:id>", {
    returns: Task,
    openapi: { summary: "Shows a task", responses: { 404: "There is no task of this number." } },
  })
  show({ id }: { id: number }) {
    return this.#find(id);
  }

  @route.put("/<int:id>", { json: NewTask, returns: Task, openapi: { summary: "Changes a task" } })
  change({ id, json }: { id: number; json: z.output<typeof NewTask> }) {
    const task = { ...this.#find(id), ...json };
    this.#tasks.set(id, task);
    return task;
  }

  @route.delete("/<int:id>", { status: 204, openapi: { summary: "Removes a task" } })
  remove({ id }: { id: number }) {
    this.#find(id);
    this.#tasks.delete(id);
  }

  #find(id: number): TaskData {
    return this.#tasks.get(id) ?? abort(404, `There is no task ${id}.`);
  }
}

const app = new Flagon(__dirname, { name: "tasks", static: null, errors: "json" });
app.use(openapi({ info: { title: "Tasks", version: "1.0", description: "A small service that keeps tasks." } }));
app.register(Tasks);
app.route("/", () => redirect(urlFor("openapi.docs")), { endpoint: "index", openapi: false });

if (require.main === module) {
  app.run();
}
export default app;
