import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findSlip } from "../base/suggestion";
import { settingNames } from "../config/config";
import { takesValue } from "../routing/route";
import { CookieSessions } from "../sessions/cookie-sessions";
import type { Application } from "./application";
import type { Finding } from "./registry";

/** Code that needs a secret key, also after a compiler: `flash("Saved.")` is `(0, flagon_1.flash)("Saved.")` then. */
const inCode =
  /\bsession\.(?:set|get|has|pop|delete|clear|regenerate|permanent)\b|\b(?:flash|getFlashedMessages|csrfToken|loginUser|signToken|signUrl|validateOnSubmit)\)?\(/;
/** The same in templates, whose forms hold a token. */
const inTemplates = /\b(?:session\.|getFlashedMessages\(|csrfToken\(|currentUser\b|form\.(?:hidden|render|attributes|field)\()/;

/**
 * Returns the reason for which an app seems to use sessions, as a sentence without its full stop, or `undefined`.
 *
 * It looks at the app's extensions and session interface, and reads the code of views, hooks and templates. It does not see the code that
 * those call.
 */
function findSessionUse({ extensions, registry, sessionInterface, templates }: Application): string | undefined {
  if ("login" in extensions) {
    return "the app has a LoginManager";
  }
  if (!(sessionInterface instanceof CookieSessions)) {
    return "the app sets sessionInterface";
  }
  const endpoint = [...registry.endpoints].find(([, { owner }]) =>
    inCode.test(String(typeof owner === "function" ? owner : owner.constructor)),
  );
  if (endpoint !== undefined) {
    return `the code of the endpoint '${endpoint[0]}' seems to use the session, a form or a token`;
  }
  const hook = [registry.scope, ...registry.blueprints.values()]
    .flatMap(({ own }) => [...own.beforeRequest, ...own.afterRequest])
    .find((one) => inCode.test(String(one)));
  if (hook !== undefined) {
    return "the code of a hook seems to use the session, a form or a token";
  }
  const template = templates.list().find((name) => templates.folders.some((folder) => inTemplates.test(read(join(folder, `${name}.eta`)))));
  return template === undefined ? undefined : `the template '${template}' seems to use the session or a form`;
}

/** Finds the lack of a secret key in an app that seems to use sessions. */
export function findMissingKey(app: Application): Finding | undefined {
  const use = app.config.secretKey === null ? findSessionUse(app) : undefined;
  return use === undefined
    ? undefined
    : {
        problem: `There is no secret key, and ${use}: sessions cannot be written, and forms not sent.`,
        cure: "Set FLAGON_SECRET_KEY; npx flagon secret makes one.",
      };
}

/** Finds the folders of static files that the app names and that do not exist: every file of them is a 404. */
export function findMissingFolders({ registry }: Application): Finding[] {
  return [...registry.staticFolders]
    .filter(([, path]) => !existsSync(path))
    .map(([folder, path]) => ({
      problem: `The folder '${folder}' of static files does not exist: looked for '${path}'.`,
      cure: "Create it, or correct the option 'static'.",
    }));
}

/** The name of the only parameter of a function, as it is written. */
const parameter = /^(?:async\s+)?(?:function\s*\w*\s*\(\s*(\w+)\s*\)|\(\s*(\w+)\s*\)\s*=>|(\w+)\s*=>)/;

/** Finds views that use their argument, the values of the rule, as if it were the request of Express: `req.params.id`. */
export function findForeignViews({ registry }: Application): Finding[] {
  return [...registry.endpoints].flatMap(([endpoint, { owner }]) => {
    const source = typeof owner === "function" ? String(owner) : "";
    const name = parameter.exec(source)?.slice(1).find(Boolean);
    const routes = registry.routes.routesOf(endpoint);
    const used = name === undefined ? undefined : new RegExp(`\\b${name}\\.(params|body|query|headers|cookies)\\b`).exec(source)?.[1];
    return used === undefined || routes.some((route) => takesValue(route, used) || route.schemas.query !== undefined)
      ? []
      : [
          {
            problem: `The view '${endpoint}' reads '${name}.${used}', but its argument holds the values of the rule alone.`,
            cure: "Take them as ({ id }) => …, and all else from 'request' of \"flagon\": request.query.get(…), await request.json().",
          },
        ];
  });
}

/** Finds settings that were assigned to the app itself, as in Flask, where nothing reads them. */
export function findMisplacedSettings(app: Application): Finding[] {
  return Object.keys(app).flatMap((key) => {
    const meant = settingNames.includes(key) ? key : findSlip(key, settingNames);
    return meant === undefined
      ? []
      : [
          {
            problem: `The app has a property '${key}', which is no setting.`,
            cure: `Set it in the configuration: app.config.${meant} = ….`,
          },
        ];
  });
}

/**
 * Logs the problems of an app that a server finds at its start, as warnings.
 *
 * @param app The app, which is about to be served.
 */
export function warnAtStart(app: Application): void {
  const missingKey = findMissingKey(app);
  for (const { cure, problem } of [
    ...findForeignViews(app),
    ...findMisplacedSettings(app),
    ...findMissingFolders(app),
    ...(missingKey === undefined ? [] : [missingKey]),
  ]) {
    app.logger.warn(`${problem} ${cure}`);
  }
}

/**
 * Logs the findings of extensions after the start of the development server, such as pending migrations. It never fails: a service that a
 * check needs may be away.
 *
 * @param app The app, which is served.
 */
export async function warnInDevelopment(app: Application): Promise<void> {
  for (const check of app.registry.developmentChecks) {
    try {
      for (const { cure, problem } of await check()) {
        app.logger.warn(`${problem} ${cure}`);
      }
    } catch {
      // The requests that need the service say more.
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
