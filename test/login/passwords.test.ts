import { hashPassword, needsRehash, verifyPassword } from "flagon/login";
import { describe, expect, it } from "vitest";

describe("passwords", () => {
  it.each([
    [
      "scrypt:32768:8:1",
      "dfa840212643566ed585021a4204350edbeb32556110c59f296a7ca106b5d994101dc147f7b8d3144331056da490add3701e47cb9a1ac4a6a9f7cf08c3723117",
    ],
    [
      "scrypt:16384:8:1",
      "c75821cf3458842dc9a551eaa05b10b336971aea255e6e3410e4e8e92d736eec10ead5fa87a68f85150a9f2fd2c197e0973bc577ceeaf0b65033e31280212b30",
    ],
    ["pbkdf2:sha256:1000", "86047d1ecaad2aea56c699eff32f7d4eb3c36a34d3ffd3dc49394d69fa5d2d74"],
    ["pbkdf2:sha1:1000", "8b09c61e3ddee1285f60003548fcfb0963b1e8e2"],
  ])("of Werkzeug's %s are verified", async (method, digest) => {
    expect(await verifyPassword(`${method}$saltsalt$${digest}`, "secret")).toBe(true);
    expect(await verifyPassword(`${method}$saltsalt$${digest.toUpperCase()}`, "secret")).toBe(true);
    expect(await verifyPassword(`${method}$saltsalt$${digest}`, "Secret")).toBe(false);
    expect(await verifyPassword(`${method}$saltsalu$${digest}`, "secret")).toBe(false);
  });

  it("are hashed with a new salt each time, and name their method", async () => {
    const [one, other] = await Promise.all([hashPassword("päss"), hashPassword("päss")]);
    expect(one).toMatch(/^scrypt:32768:8:1\$[\w-]{22}\$[\da-f]{128}$/);
    expect(one).not.toBe(other);
    expect([await verifyPassword(one, "päss"), await verifyPassword(one, "pass")]).toEqual([true, false]);
    expect(await hashPassword("x", { method: "pbkdf2:sha512:1000" })).toMatch(/^pbkdf2:sha512:1000\$/);
    expect([needsRehash(one), needsRehash("pbkdf2:sha256:1000$a$b"), needsRehash(one, { method: "scrypt:65536:8:1" })]).toEqual([
      false,
      true,
      true,
    ]);
    await expect(hashPassword("x", { method: "md5" })).rejects.toThrow("There is no way 'md5' to hash passwords");
    await expect(hashPassword("x".repeat(4097))).rejects.toThrow("4096 bytes");
  });

  it.each([null, undefined, "", "plain", "a$b", "md5$a$b", "scrypt:999999999:8:1$a$b", "scrypt$a$zz"])(
    "fail without a readable hash (%j), in the same time",
    async (hash) => {
      const time = async (stored: string | null | undefined) => {
        const start = performance.now();
        expect(await verifyPassword(stored, "secret")).toBe(false);
        return performance.now() - start;
      };
      const known = await hashPassword("other");
      const [unknown, wrong] = [Math.min(await time(hash), await time(hash)), Math.min(await time(known), await time(known))];
      expect(unknown / wrong).toBeGreaterThan(0.3);
    },
  );
});

describe("verifyPassword()", () => {
  it.each([
    "scrypt:1:1:1$a$b",
    "scrypt:3:8:1$a$b",
    "scrypt:0:8:1$a$b",
    "scrypt:-2:8:1$a$b",
    "scrypt:32768:8$a$b",
    "scrypt:65536:1:1$a$b",
    "scrypt:2:0.5:1$a$b",
    "scrypt:4294967296:8:1$a$b",
    "scrypt:1e3:8:1$a$b",
    "scrypt::::$a$b",
    "scrypt:2:1:4194304$a$b",
    "pbkdf2:sha256:0$a$b",
    "pbkdf2:sha256:1e3$a$b",
    "pbkdf2:md5:1$a$b",
    "pbkdf2:constructor:1$a$b",
    "pbkdf2:sha256:99999999999$a$b",
    "plain$a$b",
    "$$",
    "$",
    "x",
    "",
  ])("is false for a malformed hash: '%s'", async (hash) => {
    expect(await verifyPassword(hash, "b")).toBe(false);
  });

  it("is false for values of other types", async () => {
    expect(await verifyPassword(7 as never, "x")).toBe(false);
    expect(await verifyPassword(await hashPassword("undefined"), undefined as never)).toBe(false);
    await expect(hashPassword("x", { method: "scrypt:3:8:1" })).rejects.toThrow("There is no way 'scrypt:3:8:1' to hash passwords");
  });
});
