import { Blueprint, command, currentApp, SetupError, UsageError } from "flagon";
import { describe, expect, it } from "vitest";
import { createApp } from "../support";

describe("commands", () => {
  class Users {
    @command
    listUsers() {
      return currentApp.name;
    }
    @command("user create <name> [int:age]", {
      description: "Makes a user.",
      options: { admin: "boolean", dryRun: "boolean", level: "int" },
    })
    async create({ name, age, admin, dryRun, level }: { name: string; age?: number; admin?: boolean; dryRun?: boolean; level?: number }) {
      console.log("making", { name, age: (age ?? 0) + 1 });
      process.stdout.write("…\n");
      return JSON.stringify([admin ?? false, dryRun ?? false, level ?? null]);
    }
    @command("user remove <int:ids...>")
    remove({ ids }: { ids: readonly number[] }) {
      if (ids.includes(0)) {
        throw new RangeError("There is no user 0.");
      }
      return String(ids.reduce((sum, id) => sum + id, 0));
    }
  }
  const commands = createApp({ name: "shop" }, Users).testCommands();

  it("run with the app's context, and print their output and result", async () => {
    expect(await commands.invoke("list-users")).toEqual({ output: "shop\n", exitCode: 0, error: undefined });
    const made = await commands.invoke(["user", "create", "Ann Lee", "41", "--admin", "--level=3"]);
    expect([made.exitCode, made.output]).toEqual([0, "making { name: 'Ann Lee', age: 42 }\n…\n[true,false,3]\n"]);
    expect((await commands.invoke('user create "Bo B" --level 4 --dry-run')).output).toContain("[false,true,4]");
    expect((await commands.invoke("user remove 1 2 -3")).output).toBe("0\n");
  });

  it("fail with their error", async () => {
    const { error, exitCode, output } = await commands.invoke("user remove 0");
    expect([exitCode, output, error]).toEqual([1, "There is no user 0.\n", new RangeError("There is no user 0.")]);
  });

  it.each([
    ["user creat Ann", "There is no command 'user creat Ann'."],
    ["user", "The command 'user' needs a further word. There are:\n\nuser create <name> [age] [--admin] [--dry-run] [--level <int>]"],
    ["user frobnicate", "There is no command 'user frobnicate'. There are:\n\nuser create"],
    ["frobnicate", "There is no command 'frobnicate'.\n"],
    ["list-user", "There is no command 'list-user'. Did you mean 'list-users'?"],
    ["user create", "The argument 'name' is missing.\n\nUsage: user create <name> [age] [--admin] [--dry-run] [--level <int>]"],
    ["user create Ann 4 5", "There is an argument too many: '5'."],
    ["user create Ann four", "The argument 'age' must be a whole number, but got 'four'."],
    ["user create Ann --admn", "There is no option '--admn'. Did you mean '--admin'?"],
    ["user create Ann --level", "The option '--level' needs a value."],
    ["user create Ann --level x", "The option '--level' must be a whole number, but got 'x'."],
    ["user remove", "The argument 'ids' is missing."],
  ])("print their usage when they are called as %j", async (line, message) => {
    const { error, exitCode, output } = await commands.invoke(line);
    expect([exitCode, error]).toEqual([2, expect.any(UsageError)]);
    expect(output).toContain(message);
  });

  it("read arguments that begin with dashes only after '--'", async () => {
    const app = createApp();
    app.command("say <words...>", ({ words }) => words.join("|"));
    expect((await app.testCommands().invoke("say a -- --b -c")).output).toBe("a|--b|-c\n");
  });

  it("begin with the name of their blueprint", async () => {
    const shop = new Blueprint("shop");
    shop.command("import <file>", ({ file }) => file.toUpperCase(), { description: "Imports." });
    const app = createApp();
    app.register(shop);
    expect((await app.testCommands().invoke("shop import a.csv")).output).toBe("A.CSV\n");
  });

  it("are refused at the start if their usage cannot be read, or comes twice", () => {
    const app = createApp();
    for (const usage of ["", "<name>", "a <b", "a [b] <c>", "a <b...> <c>", "a <date:b>", "a b! "]) {
      expect(() => app.command(usage as "a", () => ""), usage).toThrow(SetupError);
    }
    app.command("a b", () => "");
    expect(() => app.command("a b <c>", () => "")).toThrow("There are two commands 'a b'.");
  });

  it("run one at a time, since they share the output of the process", async () => {
    const app = createApp();
    let release = (): void => undefined;
    app.command("slow", () => new Promise<void>((resolve) => (release = resolve)));
    app.command("nested", () => app.runCommand(["inner"]));
    app.command("inner", () => console.log("inner"));
    const log = console.log;
    const first = app.testCommands().invoke("slow");
    await expect(app.testCommands().invoke("inner")).rejects.toThrow("A command is still running in this process");
    release();
    expect(await first).toEqual({ output: "", exitCode: 0, error: undefined });
    expect(console.log).toBe(log);
    expect((await app.testCommands().invoke("nested")).output).toBe("inner\n");
  });
});
