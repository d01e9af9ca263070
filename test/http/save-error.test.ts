import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FormError, request, type UploadedFile } from "flagon";
import { describe, expect, it } from "vitest";
import { explainSaving } from "../../src/http/request/save-error";
import { createApp, writeFiles } from "../support";

/** Sends a file to a view that saves it, and returns the path or the error. */
async function save(place: unknown, options?: object, uploadSpoolSize = 1_000_000): Promise<unknown> {
  const app = createApp({ config: { uploadSpoolSize } });
  let outcome: unknown;
  app.post(
    "/",
    async () => {
      const [upload] = (await request.files()).get("f") ?? [];
      outcome = await upload?.saveTo(place as string, options).catch((error: unknown) => error);
      return "";
    },
    { endpoint: "x" },
  );
  await app.testClient().post("/", { files: { f: new File(["new"], "f.txt") } });
  return outcome;
}

describe("an upload that cannot be saved", () => {
  it("names the path, the reason and the cure, and keeps the code", async () => {
    const folder = join(writeFiles({ there: "old", "deep/x": "" }), ".");
    for (const [place, options, code, reason] of [
      ["there", { folder }, "EEXIST", "State { overwrite: true } to replace a file"],
      ["none/y", { folder }, "ENOENT", `the folder '${join(folder, "none")}' does not exist. Create it first`],
      ["deep", { folder, overwrite: true }, "EISDIR", "it is a folder"],
      ["x".repeat(300), { folder }, "ENAMETOOLONG", "the name is too long"],
      [{ folder: join(folder, "there") }, undefined, "EEXIST", "its folder is a file"],
      [join(folder, "there/x"), undefined, "EEXIST", "its folder is a file"],
    ] as const) {
      const error = await save(place, options);
      expect(error).toMatchObject({ code, message: expect.stringContaining(reason), cause: expect.any(Error) });
      expect(String(error)).toContain(`The upload was not saved as '${folder}`);
    }
    expect(readdirSync(folder).sort()).toEqual(["deep", "there"]);
    expect(readFileSync(join(folder, "there"), "utf8")).toBe("old");
  });

  it.each([
    ["ENOSPC", "the disk is full. Nothing of the file was kept."],
    ["EDQUOT", "the quota of the disk is used up."],
    ["EACCES", "Give its user the right to write to '/uploads'."],
    ["EPERM", "the process may not write there."],
    ["EROFS", "the disk is read-only."],
    ["EMFILE", "too many open files"],
    ["EIO", "EIO: i/o error, write"],
  ])("is explained by its code: %s", (code, reason) => {
    const cause = Object.assign(new Error(`${code}: i/o error, write`), { code, syscall: "write" });
    const error = explainSaving(cause, "/uploads/a.txt");
    expect(error).toMatchObject({ code, cause, message: expect.stringContaining(reason) });
    expect(explainSaving(new TypeError("x"), "/a")).toBeInstanceOf(TypeError);
  });

  it.each([[{}], [""], [{ folder: "" }], [undefined], [null]])("without a place is an error of the developer: %j", async (place) => {
    const error = await save(place);
    expect(error).toBeInstanceOf(FormError);
    expect(String(error)).toContain('await upload.saveTo({ folder: "uploads" })');
  });

  it("after its request says that its temporary file is gone, and of a missing folder before", async () => {
    const app = createApp({ config: { uploadSpoolSize: 1 } });
    const folder = writeFiles({ x: "" });
    let late: UploadedFile | undefined;
    let early: unknown;
    app.post("/", async () => {
      [late] = (await request.files()).get("f") ?? [];
      early = await late?.saveTo("none/y", { folder }).catch(String);
      return "";
    });
    await app.testClient().post("/", { files: { f: new File(["new"], "f.txt") } });
    expect(early).toContain(`the folder '${join(folder, "none")}' does not exist`);
    for (const attempt of [late?.saveTo({ folder }), late?.saveTo("y", { folder }), late?.saveTo("x", { folder, overwrite: true })]) {
      await expect(attempt).rejects.toMatchObject({
        code: "ENOENT",
        message: expect.stringMatching(/its temporary file is gone, as it is removed when the request ends\. Await saveTo\(\) in the view/),
      });
    }
    expect(readdirSync(folder)).toEqual(["x"]);
  });

  it.each([1, 1_000_000])(
    "does not include one with the longest name, which replaces another file, with a threshold of %i bytes",
    async (size) => {
      const name = `${"n".repeat(251)}.txt`;
      const folder = writeFiles({ [name]: "old" });
      expect(await save(name, { folder, overwrite: true }, size)).toBe(join(folder, name));
      expect(readdirSync(folder)).toEqual([name]);
      expect(readFileSync(join(folder, name), "utf8")).toBe("new");
    },
  );
});
