import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { Flagon } from "../app";
import { LoadError, UsageError } from "../base/errors";
import { didYouMean } from "../base/suggestion";
import { writeToTerminal } from "../base/terminal";
import { enterCommandLine } from "../commands/command-line";
import { runDevelopmentServer } from "../server/development/development";
import { isRestarted, missingAppCode, reportLoaded } from "../server/development/parent-process";
import { Reloader } from "../server/development/reloader";
import type { Certificate } from "../server/node-server";
import { serve } from "../server/production/serve";
import { buildTemplates } from "./build-templates";
import { checkDeployment, checkExtensions } from "./check";
import { complete, completionScripts, listNames, type Shell, shells } from "./completion";
import { loadEnvironmentFiles } from "./environment-files";
import { loadApp, MissingApp } from "./load-app";
import { createProject, kinds, loaders, moduleSystems, type ProjectChoices } from "./new-project";
import { asHelp, formatCommands, ownWords, toItsEnd, withAppFirst } from "./own-commands";
import { report } from "./report";
import { formatRoutes, listRoutes } from "./routes";
import { enterDevelopment, startShell } from "./shell";

/** The place and the words of a call. */
interface Place {
  readonly folder: string;
  readonly version: string;
  readonly words: readonly string[];
}

/** The files of a certificate. */
interface CertificateFlags {
  readonly cert?: string;
  readonly key?: string;
}

/** The options of `flagon run`. */
interface RunFlags extends CertificateFlags {
  readonly host: string;
  readonly port: number;
  readonly reload: boolean;
  readonly debug: boolean;
}

/** The options of `flagon new`. */
interface NewFlags extends Pick<ProjectChoices, "kind" | "module"> {
  readonly loader?: ProjectChoices["loader"];
}

/** The options of `flagon serve`. */
interface ServeFlags extends CertificateFlags {
  readonly health?: string;
  readonly jobs?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly socket?: string;
  readonly workers?: number | "auto";
}

/**
 * Runs the command line.
 *
 * @param given The words behind `flagon`.
 * @param folder The working directory.
 * @param version Flagon's own.
 * @returns The exit code: 0, 1 for a failure, 2 for a wrong call.
 */
export async function runCommandLine(given: readonly string[], folder: string, version: string): Promise<number> {
  enterCommandLine();
  const words = withAppFirst(given);
  let exitCode = 0;
  const fail = (code: number): void => {
    exitCode = code;
  };
  const program = createProgram({ folder, version, words }, fail);
  try {
    const builtIn = program.commands.map((command) => command.name());
    await program.parseAsync(asHelp(words, [...builtIn, "help"]), { from: "user" });
  } catch (error) {
    const code = report(error, folder);
    return error instanceof MissingApp && isRestarted() ? missingAppCode : code;
  }
  return exitCode;
}

function createProgram(place: Place, fail: (code: number) => void): Command {
  const { folder, version } = place;
  const program = new Command("flagon")
    .description("Runs, serves and looks at Flagon apps.")
    .version(version)
    .option("-A, --app <file[:name]>", "the app, or FLAGON_APP; app.ts or src/app.ts by default")
    .option("-e, --env-file <file>", "a file of environment variables, besides .env and .flagonenv")
    .exitOverride()
    .showHelpAfterError();
  const load = (): Promise<Flagon> => {
    const { app, envFile } = program.opts<{ app?: string; envFile?: string }>();
    loadEnvironmentFiles(folder, envFile);
    return loadApp(app, folder);
  };
  program
    .command("run")
    .description("runs the development server")
    .option("-h, --host <host>", "the address", process.env.FLAGON_RUN_HOST ?? "127.0.0.1")
    .option("-p, --port <port>", "the port", toPort, Number(process.env.FLAGON_RUN_PORT ?? 5000))
    .option("--no-reload", "does not restart when a file changes")
    .option("--no-debug", "does not show errors in pages")
    .option("--cert <file>", "a certificate, to serve HTTPS")
    .option("--key <file>", "its key")
    .action(async (options: RunFlags) => fail(await run(place, load, options)));
  program
    .command("serve")
    .description("serves the app in production")
    .option("-h, --host <host>", "the address")
    .option("-p, --port <port>", "the port", toPort)
    .option("--socket <path>", "a Unix socket, in place of address and port")
    .option("-w, --workers <count>", "the number of processes, or auto", toWorkers)
    .option("--health <path>", "a path that answers 200 while the server takes requests")
    .option("--jobs", "runs jobs as well")
    .option("--cert <file>", "a certificate, to serve HTTPS")
    .option("--key <file>", "its key")
    .action(async ({ health, host, jobs, port, socket, workers, ...files }: ServeFlags) => {
      const app = await load();
      serve(app, {
        ...(host === undefined ? {} : { host }),
        ...(port === undefined ? {} : { port }),
        ...(socket === undefined ? {} : { socketPath: resolve(folder, socket) }),
        ...(workers === undefined ? {} : { workers }),
        ...readCertificate(folder, files),
        healthPath: health ?? null,
        jobs: jobs === true,
      });
    });
  program
    .command("routes [filter]")
    .description("lists the routes, or those with a text")
    .addOption(new Option("-s, --sort <column>", "the column").choices(["rule", "methods", "endpoint", "view"]).default("endpoint"))
    .option("--json", "as JSON")
    .action(async (filter: string | undefined, { json, sort }: { json?: boolean; sort: string }) => {
      const rows = listRoutes(await load(), { filter: filter ?? "", sort });
      console.log(json === true ? JSON.stringify(rows, null, 2) : formatRoutes(rows, filter));
    });
  program
    .command("shell")
    .description("a prompt with the app's context")
    .action(async () => startShell(await load()));
  program
    .command("new <folder>")
    .description("creates a project that runs, tests and type-checks")
    .addOption(new Option("-k, --kind <kind>", "the first content").choices(kinds).default("site"))
    .addOption(new Option("-m, --module <system>", "the module system").choices(moduleSystems).default("commonjs"))
    .addOption(new Option("-l, --loader <tool>", "the tool that loads TypeScript; tsx for esm, else ts-node").choices(loaders))
    .action((name: string, { kind, loader, module }: NewFlags) => {
      const target = resolve(folder, name);
      createProject(target, { kind, module, loader: loader ?? (module === "esm" ? "tsx" : "ts-node"), version: `^${version}` });
      const path = relative(folder, target);
      const steps = [...(path === "" ? [] : [`cd ${quoteForShell(path)}`]), "npm install", "npm run dev"];
      console.log(`The project is in ${path || "."}:\n\n${steps.map((step) => `    ${step}`).join("\n")}`);
    });
  program
    .command("build [folders...]")
    .description("compiles templates into a module, for bundles that have no files")
    .option("-o, --out <file>", "the module")
    .action((folders: readonly string[], { out }: { out?: string }) => console.log(buildTemplates(folder, folders, out)));
  program
    .command("check")
    .description("loads the app; with --deploy, looks for settings that should not be in production")
    .option("--deploy", "looks at the settings")
    .action(async ({ deploy }: { deploy?: boolean }) => {
      const app = await load();
      const findings = deploy === true ? [...checkDeployment(app), ...(await checkExtensions(app))] : [];
      await app.lifeCycle.stop();
      const wrong = findings.filter(({ isWarning }) => isWarning !== true).length;
      for (const { cure, isWarning, problem } of findings) {
        console.log(`${isWarning === true ? "Warning: " : ""}${problem}\n    ${cure}`);
      }
      console.log(wrong === 0 ? "Nothing is wrong." : `${wrong} ${wrong === 1 ? "thing is" : "things are"} wrong.`);
      fail(wrong === 0 ? 0 : 1);
    });
  program
    .command("secret")
    .description("prints a secret key")
    .action(() => console.log(randomBytes(32).toString("base64url")));
  program
    .command("commands [words...]")
    .description("lists the app's own commands, or those that begin with words")
    .action(async (words: readonly string[]) => console.log(formatCommands(await load(), words)));
  program
    .command("completion")
    .description("prints the completion script of a shell, for its start-up file")
    .addArgument(new Argument("<shell>", "the shell").choices(shells))
    .action((shell: Shell) => console.log(completionScripts[shell]));
  program.command("complete [words...]", { hidden: true }).action(async (words: readonly string[]) => {
    const found = await complete(program, words, load);
    if (found.length > 0) {
      console.log(found.join("\n"));
    }
  });
  // All other commands belong to the app, which parses their words by itself.
  program
    .command("* [words...]", { hidden: true })
    .allowUnknownOption()
    .helpOption(false)
    .action(async () => {
      const own = ownWords(place.words);
      const app = await loadForCommand(program, own, load);
      enterDevelopment(app);
      try {
        const value = await toItsEnd(own, () => app.runCommand(own));
        if (typeof value === "string") {
          console.log(value);
        }
      } finally {
        await app.lifeCycle.stop();
      }
    });
  return program;
}

/**
 * Loads the app for one of its commands.
 *
 * @throws {UsageError} If there is no such app, or it has no such command, but Flagon itself has a command with such a name.
 */
async function loadForCommand(program: Command, words: readonly string[], load: () => Promise<Flagon>): Promise<Flagon> {
  const [word = ""] = words;
  const builtIn = listNames(program);
  let app: Flagon;
  try {
    app = await load();
  } catch (error) {
    if (!(error instanceof LoadError)) {
      throw error;
    }
    const hint = didYouMean(word, builtIn);
    throw hint === ""
      ? new LoadError(`There is no command '${word}' of Flagon, and no app that may have it. ${error.message}`, { cause: error })
      : new UsageError(`There is no command '${word}'.${hint}`, { cause: error });
  }
  const { commands } = app.registry;
  if (!commands.some((command) => command.words[0] === word)) {
    throw new UsageError(
      `There is no command '${words.join(" ")}'.${
        didYouMean(
          words.join(" "),
          commands.map((command) => command.words.join(" ")),
        ) || didYouMean(word, [...commands.map((command) => command.words[0] ?? ""), ...builtIn])
      }`,
    );
  }
  return app;
}

/** Quotes a path for a shell if it holds unusual characters. Double quotes are preferred: they work in every shell. */
function quoteForShell(path: string): string {
  const shown = path.startsWith("-") ? `./${path}` : path;
  if (/^[\w./+@%,:=-]+$/.test(shown)) {
    return shown;
  }
  return /["$`\\!]/.test(shown) ? `'${shown.replaceAll("'", "'\\''")}'` : `"${shown}"`;
}

/** Reads the files of a certificate and its key. One needs the other. */
function readCertificate(folder: string, { cert, key }: CertificateFlags): { tls?: Certificate } {
  if (cert === undefined && key === undefined) {
    return {};
  }
  if (cert === undefined || key === undefined) {
    throw new UsageError("Give --cert and --key together: --cert cert.pem --key key.pem");
  }
  return { tls: { cert: read(cert), key: read(key) } };

  function read(file: string): Buffer {
    try {
      return readFileSync(resolve(folder, file));
    } catch (cause) {
      throw new UsageError(`The file '${file}' cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  }
}

async function run({ folder, words }: Place, load: () => Promise<Flagon>, { cert, key, ...options }: RunFlags): Promise<number> {
  const certificate = readCertificate(folder, { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) });
  if (!options.reload || isRestarted()) {
    try {
      runDevelopmentServer(await load(), { ...options, ...certificate });
    } finally {
      // The file with the mistake is watched too.
      reportLoaded();
    }
    return 0;
  }
  const [bin = ""] = process.argv.slice(1);
  const command = [process.execPath, ...process.execArgv, bin, ...words];
  const { host, port } = options;
  const reloader = new Reloader({ folder, command, host, port, say: (line) => writeToTerminal(`${line}\n`) });
  const stop = (): void => void reloader.stop();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  return reloader.ended;
}

function toPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new InvalidArgumentError("A port is a whole number from 0 to 65535.");
  }
  return port;
}

function toWorkers(text: string): number | "auto" {
  const count = Number(text);
  if (text !== "auto" && (!Number.isInteger(count) || count < 1)) {
    throw new InvalidArgumentError('It is a whole number from 1, or "auto".');
  }
  return text === "auto" ? "auto" : count;
}
