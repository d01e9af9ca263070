import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Flagon } from "../app";
import { BuildError } from "../base/errors";
import { buildUrl } from "../dispatch/build-url";
import { findFile, isSafeName } from "../http/files/find-file";
import type { Attachment, SentMail } from "./message";

const image = /(<img\s(?:[^>]*?\s)?src\s*=\s*)(?:"([^"]*)"|'([^']*)')/gi;

/**
 * Puts the images that a mail shows from the app's static files, by their path, into the mail: `<img src="<%= urlFor("static", { filename }) %>">`.
 *
 * A path leads nowhere from a mail. A whole URL stays as it is, and so does the path of a file that does not exist.
 */
export async function inlineImages(app: Flagon, mail: SentMail): Promise<SentMail> {
  const { html } = mail;
  if (html === null || !/<img\s/i.test(html)) {
    return mail;
  }
  const folders = findFolders(app);
  const found = new Map<string, Attachment>();
  for (const [, , double, single] of html.matchAll(image)) {
    const source = double ?? single ?? "";
    const file = found.has(source) ? undefined : await locate(folders, source);
    if (file !== undefined) {
      const content = await readFile(file).catch(() => null);
      if (content !== null) {
        const filename = basename(file);
        found.set(source, { filename, content, cid: `${found.size + 1}-${filename.replace(/[^\w.-]/g, "-")}@flagon` });
      }
    }
  }
  return found.size === 0
    ? mail
    : {
        ...mail,
        html: html.replace(image, (whole, start, double, single) => {
          const cid = found.get(double ?? single ?? "")?.cid;
          return cid === undefined ? whole : `${start}"cid:${cid}"`;
        }),
        attachments: [...mail.attachments, ...found.values()],
      };
}

/** The folders of static files with the paths under which the app serves them. */
function findFolders(app: Flagon): readonly (readonly [prefix: string, folder: string])[] {
  return [...app.registry.staticEndpoints].flatMap(([endpoint, folder]): [string, string][] => {
    try {
      const path = new URL(buildUrl(app, undefined, endpoint, { filename: "_" }), "http://localhost").pathname;
      return [[path.slice(0, path.lastIndexOf("/") + 1), folder]];
    } catch (error) {
      // A folder whose URL needs more values than a file name has no path of its own.
      if (error instanceof BuildError) {
        return [];
      }
      throw error;
    }
  });
}

/** Returns the path of a file that the app serves as well. */
async function locate(folders: ReturnType<typeof findFolders>, source: string): Promise<string | undefined> {
  const [prefix, folder] = folders.find(([start]) => source.startsWith(start)) ?? [];
  const name = prefix === undefined ? undefined : decode(source.slice(prefix.length).replace(/[?#].*$/, ""));
  return folder !== undefined && name !== undefined && isSafeName(name) && (await findFile(folder, name, false)).isFound
    ? join(folder, name)
    : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("&amp;", "&"));
  } catch {
    return undefined;
  }
}
