import { abort, blueprint, Flagon, makeResponse, route } from "flagon";
import { openapi } from "flagon/openapi";
import { z } from "zod";

const NewItem = z.object({ name: z.string().trim().min(1).max(120), price: z.number().min(0) }).meta({ id: "NewItem" });
const Item = NewItem.extend({ id: z.int() }).meta({ id: "Item" });
type Item = z.output<typeof Item>;

@blueprint("items", { urlPrefix: "/api" })
class Items {
  // In memory, so a restart empties it. Keep items in a database when you need them for longer.
  readonly #items = new Map<number, Item>();
  #lastId = 0;

  @route.get("/items", { query: z.object({ search: z.string().default("") }), returns: z.array(Item) })
  list({ query }: { query: { search: string } }) {
    const wanted = query.search.toLowerCase();
    return [...this.#items.values()].filter(({ name }) => name.toLowerCase().includes(wanted));
  }

  @route.post("/items", { json: NewItem, returns: Item, status: 201 })
  create({ json }: { json: z.output<typeof NewItem> }) {
    // A counter, not the number of items: the id of a deleted item is never given again.
    this.#lastId += 1;
    return this.#save({ ...json, id: this.#lastId });
  }

  @route.get("/items/<int:id>", { returns: Item })
  show({ id }: { id: number }) {
    return this.#find(id);
  }

  @route.put("/items/<int:id>", { json: NewItem, returns: Item })
  replace({ id, json }: { id: number; json: z.output<typeof NewItem> }) {
    return this.#save({ ...json, id: this.#find(id).id });
  }

  @route.delete("/items/<int:id>", { openapi: { responses: { 204: { description: "The item is deleted." } } } })
  remove({ id }: { id: number }) {
    this.#items.delete(this.#find(id).id);
    return makeResponse("", 204);
  }

  #find(id: number): Item {
    return this.#items.get(id) ?? abort(404, `There is no item ${id}.`);
  }

  #save(item: Item): Item {
    this.#items.set(item.id, item);
    return item;
  }
}

class Start {
  @route("/")
  index() {
    return { name: "Items", document: "/openapi.json", items: "/api/items" };
  }
}

/** Makes an app with items of its own. */
export function createApp(): Flagon {
  const app = new Flagon(__dirname, { static: null });
  // For a page that shows the API and tries it: npm install swagger-ui-dist, and remove `docs: null`.
  app.use(openapi({ info: { title: "Items", version: "1.0.0" }, docs: null }));
  app.register(Start);
  app.register(Items);
  return app;
}

export default createApp();
