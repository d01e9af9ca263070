import { safeJoin, secureFilename } from "flagon";
import { describe, expect, it } from "vitest";

describe("names that clients send", () => {
  it.each([
    ["My cool movie.mov", "My_cool_movie.mov"],
    ["../../../etc/passwd", "etc_passwd"],
    ["i contain cool ümläuts.txt", "i_contain_cool_umlauts.txt"],
    ["..\\windows\\system.ini", "windows_system.ini"],
    ["__filename__", "filename"],
    ["...", ""],
    ["日本", ""],
    ["CON.txt", "_CON.txt"],
    ["a\0b.txt", "ab.txt"],
  ])("are made safe: secureFilename(%j) is %j", (name, expected) => {
    expect(secureFilename(name)).toBe(expected);
  });

  it("stay in their folder by safeJoin(), which otherwise returns null", () => {
    expect(safeJoin("/srv/files", "a/b.txt")).toBe("/srv/files/a/b.txt");
    expect(safeJoin("/srv/files", "a", "../b.txt")).toBeNull();
    for (const part of ["../x", "/etc/passwd", "a/../../x", "a\\b", "c:x", "a\0"]) {
      expect([part, safeJoin("/srv/files", part)]).toEqual([part, null]);
    }
  });
});
