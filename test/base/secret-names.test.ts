import { describe, expect, it } from "vitest";
import { isSecretName, maskSecrets, maskTarget } from "../../src/base/secret-names";

describe("isSecretName()", () => {
  it.each([
    ..."password passwordHash new_password PASSWD passphrase secret secretKey CLIENT_SECRET token access_token refreshToken id_token".split(
      " ",
    ),
    ..."csrf_token X-CSRF-Token X-Api-Key apiKey API_KEY private_key authorization Proxy-Authorization cookie Set-Cookie".split(" "),
    ..."X-Hub-Signature-256 stripe-signature cf-access-jwt-assertion X-Session-Id X-OTP card_number cvv cvc sig pass".split(" "),
    ..."cookies credentials otp pin jwt sid _id signature session_token accessKey".split(" "),
  ])("is true for %s", (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  it.each(
    "id name title tokenizer cookieCount sidebar pinned keyboard monkey key bypass compass option session signal sigma author user_id accept x-request-id".split(
      " ",
    ),
  )("is false for %s", (name) => {
    expect(isSecretName(name)).toBe(false);
  });
});

describe("maskTarget()", () => {
  it.each([
    ["/x", "/x"],
    ["/x?a=1&token=abc&b=2", "/x?a=1&token=•••&b=2"],
    ["https://a.test/?api%5Fkey=1#f", "https://a.test/?api%5Fkey=•••#f"],
    ["/x?token", "/x?token"],
    ["https://ann:abc@a.test/", "https://ann:•••@a.test/"],
    ["/x?to=https://ann:abc@a.test/", "/x?to=https://ann:•••@a.test/"],
    ["https://ann@a.test:80/x", "https://ann@a.test:80/x"],
    ["/x?%zz=1&access_token=a=b", "/x?%zz=1&access_token=•••"],
  ])("of %s gives %s", (target, expected) => {
    expect(maskTarget(target)).toBe(expected);
  });
});

describe("maskSecrets()", () => {
  it("copies only objects with secrets, at any of five levels", () => {
    const plain = { a: [1, { b: "x" }], date: new Date(0) };
    expect(maskSecrets(plain)).toBe(plain);
    expect(maskSecrets({ a: [{ b: { token: "x" } }], password: null, apiKey: 3 })).toEqual({
      a: [{ b: { token: "•••" } }],
      password: null,
      apiKey: "•••",
    });
  });

  it("describes errors with secret members, and leaves others as they are", () => {
    const plain = Object.assign(new Error("x"), { code: 5 });
    expect(maskSecrets({ plain })).toEqual({ plain });
    const failed = Object.assign(new TypeError("refused"), { config: { headers: { Authorization: "x" } } });
    expect(maskSecrets({ failed })).toEqual({
      failed: { name: "TypeError", message: "refused", stack: failed.stack, config: { headers: { Authorization: "•••" } } },
    });
    const hostile = Object.defineProperty(new Error("x"), "token", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    expect(maskSecrets({ hostile })).toEqual({ hostile });
  });

  it("looks into class instances and objects with toJSON, and survives cycles", () => {
    class User {
      name = "Ann";
      passwordHash = "x";
    }
    const cycle: Record<string, unknown> = { secret: "x" };
    cycle.self = cycle;
    expect(maskSecrets({ user: new User(), row: { toJSON: () => ({ token: "x" }) } })).toEqual({
      user: { name: "Ann", passwordHash: "•••" },
      row: { token: "•••" },
    });
    expect(maskSecrets(cycle)).toMatchObject({ secret: "•••", self: { secret: "•••" } });
  });
});
