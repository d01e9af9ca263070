import type { parseHTML } from "linkedom";

/** linkedom leaves the references in a textarea as they are. */
function decode(text: string): string {
  const characters: Record<string, string> = { lt: "<", gt: ">", "#34": '"', "#39": "'", amp: "&" };
  return text.replace(/&(lt|gt|#34|#39|amp);/g, (_, name: string) => characters[name] ?? "");
}

/** Gathers what a browser would send of a page (WHATWG HTML, section 4.10.22.4). */
export function collect(document: ReturnType<typeof parseHTML>["document"]): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  const add = (name: string | null, value: string | null) => {
    fields[name ?? ""] = [...(fields[name ?? ""] ?? []), value ?? ""];
  };
  for (const control of document.querySelectorAll("input, textarea, select")) {
    const name = control.getAttribute("name");
    if (control.localName === "select") {
      const options = [...control.querySelectorAll("option")];
      for (const option of options.filter((one) => one.hasAttribute("selected"))) {
        add(name, option.getAttribute("value"));
      }
    } else if (control.localName === "textarea") {
      add(
        name,
        decode(control.textContent ?? "")
          .replace(/^\n/, "")
          .replace(/\r?\n/g, "\r\n"),
      );
    } else if (!/^(checkbox|radio)$/.test(control.getAttribute("type") ?? "") || control.hasAttribute("checked")) {
      add(name, control.getAttribute("value") ?? (control.getAttribute("type") === "checkbox" ? "on" : ""));
    }
  }
  return fields;
}
