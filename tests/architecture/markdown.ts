// The pieces that generated pages are made of. Knows no page.
import { isJsonObject, type JsonValue } from "../../lib/core/json.ts";

const NOTICE = "<!-- Made by `npm run docs:gen`; do not edit. -->";

export function page(title: string, ...parts: readonly string[]): string {
  return `${[`# ${title}`, NOTICE, ...parts].join("\n\n")}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export const code = (text: string): string => `\`${text}\``;

export function bullets(...items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** An entry a line: short enough to be read, and rows stand under each other. */
export function jsonLines(value: JsonValue): string {
  if (Array.isArray(value) && value.some((entry) => typeof entry === "object"))
    return `[\n${(value as readonly JsonValue[]).map((entry) => `  ${JSON.stringify(entry)}`).join(",\n")}\n]`;
  if (isJsonObject(value) && Object.values(value).some((member) => Array.isArray(member)))
    return `{\n${Object.entries(value)
      .map(([key, member]) => `  ${JSON.stringify(key)}: ${JSON.stringify(member)}`)
      .join(",\n")}\n}`;
  return JSON.stringify(value);
}
