import * as flagon from "flagon";
import * as login from "flagon/login";
import * as sessions from "flagon/sessions";

const modules = { flagon, "flagon/login": login, "flagon/sessions": sessions };

/**
 * Completes a block, which is a part of something, so that it compiles alone.
 *
 * It sees all that Flagon exports, zod and an app, unless it says otherwise itself. Methods get a class around them, and
 * statements that return get a function.
 */
export function complete(before: string, code: string): string {
  const own = before + code;
  const isDeclared = (name: string) =>
    new RegExp(`(?:class|const|function|let|interface|type) ${name}\\b|import [^;]*?\\b${name}\\b[^;]*? from`).test(own);
  const imports = Object.entries(modules).map(([module, exported]) => {
    const names = Object.keys(exported).filter((name) => /^[A-Za-z]\w*$/.test(name) && name !== "default" && !isDeclared(name));
    return `import { ${names.join(", ")} } from "${module}";`;
  });
  const zod = isDeclared("z") ? "" : 'import { z } from "zod";';
  const app = isDeclared("app") ? "" : 'const app = new Flagon(".");';
  return `${imports.join("\n")}\n${zod}\n${app}\n${before}${wrap(code)}\nexport {};\n`;
}

function wrap(code: string): string {
  const [, imports = "", rest = ""] = /^((?:import [^;]*;\n)*)(.*)$/s.exec(code) ?? [];
  const afterDecorators = rest.replace(/^(?:\s*(?:\/\/.*|@\w+(?:\.\w+)?(?:\((?:[^()]|\([^()]*\))*\))?)\s*\n?)+/, "").trim();
  if (/^\s*(?:\/\/.*\n\s*)*@/.test(rest) && !/^(?:export |default )*class /.test(afterDecorators)) {
    return `${imports}class Example {\n${rest}}\nvoid Example;\n`;
  }
  return /^return\b/m.test(rest) ? `${imports}async function example() {\n${rest}}\nvoid example;\n` : code;
}
