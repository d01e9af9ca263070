import { createApp } from "../support";

/** Creates a client of an app whose views answer each request with the result of a function, as the member `read` of JSON. */
export function createReaderClient(read: () => unknown, config: Readonly<Record<string, unknown>> = {}) {
  const app = createApp({ config });
  app.route("/", async () => ({ read: await read() }), { endpoint: "read", methods: ["GET", "POST"] });
  app.route("/<path:rest>", async () => ({ read: await read() }), { endpoint: "rest", methods: ["GET", "POST"] });
  return app.testClient();
}

/** Returns a function that sends GET requests and gives the result of `read`, or status and text of an error. */
export function createReader(read: () => unknown, config: Readonly<Record<string, unknown>> = {}) {
  const client = createReaderClient(read, config);
  return async (target: string, headers: Record<string, string | null> = {}, remoteAddress = "127.0.0.1") => {
    const response = await client.get(target, { headers, remoteAddress });
    return response.status === 200 ? readJson(response) : [response.status, await response.text()];
  };
}

/** Returns the result of `read` from a response. */
export async function readJson(response: Response | Promise<Response>): Promise<unknown> {
  const body = (await (await response).json()) as { read?: unknown };
  return body.read;
}
