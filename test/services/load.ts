import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { Agent, type AgentOptions, type IncomingMessage, type RequestOptions, request as sendRequest } from "node:http";
import { Agent as SecureAgent, request as sendSecurely } from "node:https";
import { setTimeout as wait } from "node:timers/promises";

/** The requests that clients send one after another, until they are stopped. */
export interface Load {
  /** How many were sent. */
  readonly asked: number;
  /** How many got no whole answer with status 200, by their reason. */
  readonly lost: ReadonlyMap<string, number>;
  /** Lets the clients end their last requests. */
  stop(): Promise<void>;
}

/** A server that clients ask. */
export interface Target extends RequestOptions {
  /** The certificate that is trusted, for HTTPS. */
  readonly ca?: Buffer;
}

/**
 * Starts clients that ask a server by GET and POST in turn.
 *
 * Of four clients, one opens a connection for each request, two keep theirs, and one keeps it and pauses for up to 1.5 seconds.
 */
export function startLoad(target: Target, clients = 12): Load {
  const lost = new Map<string, number>();
  let asked = 0;
  let isOver = false;
  const runClient = async (number: number): Promise<void> => {
    const agent = createAgent(target, number % 4 !== 0);
    while (!isOver) {
      asked++;
      const reason = await ask(target, agent, asked % 2 === 0 ? "GET" : "POST");
      if (reason !== undefined) {
        lost.set(reason, (lost.get(reason) ?? 0) + 1);
        await wait(5);
      }
      if (number % 4 === 3) {
        await wait(Math.random() * 1500);
      }
    }
    agent.destroy();
  };
  const running = Array.from({ length: clients }, (_, number) => runClient(number));
  return {
    get asked() {
      return asked;
    },
    lost,
    stop: async () => {
      isOver = true;
      await Promise.all(running);
    },
  };
}

/** Milliseconds without an answer after which a request counts as lost. Workers may take long to start on a busy machine. */
const timeout = 60_000;

function createAgent({ ca }: Target, keepAlive: boolean): Agent {
  const options: AgentOptions = { keepAlive, maxSockets: 1 };
  return ca === undefined ? new Agent(options) : new SecureAgent(options);
}

/** Sends a request, and returns the reason for which it has no whole answer. */
function ask(target: Target, agent: Agent, method: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const send = target.ca === undefined ? sendRequest : sendSecurely;
    const fail = ({ code, message }: NodeJS.ErrnoException): void => resolve(code ?? message);
    const options = { ...target, checkServerIdentity: () => undefined, agent, method, timeout };
    const outgoing = send(options, (message: IncomingMessage) => {
      let text = "";
      message.on("data", (piece: Buffer) => (text += String(piece)));
      message.on("error", fail);
      message.on("end", () => {
        const isWhole = message.statusCode === 200 && text.endsWith("end");
        resolve(isWhole ? undefined : `status ${message.statusCode}`);
      });
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("time-out")));
    outgoing.on("error", fail);
    outgoing.end(method === "POST" ? "a=1" : undefined);
  });
}

/** Lists the workers of a primary process, by the system. */
export function listWorkers(primary: number): number[] {
  return readFileSync(`/proc/${primary}/task/${primary}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number);
}

/** Stops a process where it is, and resolves when the system says so. It goes on by `SIGCONT`, or ends by `SIGKILL`. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  const isStopped = (): boolean =>
    readdirSync(`/proc/${pid}/task`).every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1")));
  while (!isStopped()) {
    await wait(1);
  }
}

/** Counts the connections to a port that a process holds, by the system. */
export function countConnections(pid: number, port: number): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const own = readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address = "", , state]) => address.endsWith(local) && state !== "0A")
    .map((columns) => `socket:[${columns[9]}]`);
  const held = new Set(readdirSync(`/proc/${pid}/fd`).map((name) => readlinkSync(`/proc/${pid}/fd/${name}`)));
  return own.filter((name) => held.has(name)).length;
}
