// A value made in code to plain JSON, as readDocument does with text: undefined members are left out, what is not JSON is a defect.
import type { JsonValue } from "../../core/json.ts";
import { MAX_DOCUMENT_DEPTH, NO_PROTOTYPE, type ReadDocument } from "./readDocument.ts";
import { joinPath, SourceMap } from "./SourceMap.ts";
import type { WorkflowIssue } from "../types.ts";

/** Text, number, boolean, null, lists and plain objects are JSON; this tells the rest. */
function describeOther(member: unknown): [message: string, expected: string, got: string, hint: string] {
  const kind = typeof member === "number" ? String(member) : `a ${typeof member}`;
  const hint = "a workflow is data: write the value itself, or a template that names it";
  return [`${kind} is not JSON`, "text, number, boolean, null, list or object", kind, hint];
}

export function readValue(value: unknown): ReadDocument {
  const sources = new SourceMap();
  const issues: WorkflowIssue[] = [];
  const read = (member: unknown, path: string, depth: number): JsonValue => {
    const fail = (message: string, expected: string, got: string, hint: string): null => {
      issues.push({ code: "WORKFLOW_INVALID", path, ...(path !== "" && { field: path }), message, expected, got, hint });
      return null;
    };
    if (depth > MAX_DOCUMENT_DEPTH)
      return fail("the value is nested too deeply, or contains itself", `at most ${MAX_DOCUMENT_DEPTH} levels`, "more", "take levels out");
    if (typeof member === "string")
      return member.includes("\0") || !member.isWellFormed()
        ? fail(
            "the text contains NUL or half of a surrogate pair",
            "well-formed text",
            "a broken text",
            "call toWellFormed() and take NUL out",
          )
        : member;
    if (member === null || typeof member === "boolean" || (typeof member === "number" && Number.isFinite(member))) return member;
    if (typeof member !== "object") return fail(...describeOther(member));
    if (Array.isArray(member)) return readList(member, path, depth);
    const prototype: unknown = Object.getPrototypeOf(member);
    if (prototype !== null && prototype !== Object.prototype && Object.getPrototypeOf(prototype) !== null)
      return fail("an instance of a class is not JSON", "a plain object", "an instance of a class", "write a plain object; a Date as text");
    return readObject(member, path, depth);
  };
  const readList = (list: readonly unknown[], path: string, depth: number): JsonValue => {
    const copy: JsonValue[] = [];
    for (const [index, member] of list.entries()) {
      sources.set(copy, index, { path: joinPath(path, index) });
      copy.push(read(member, joinPath(path, index), depth + 1));
    }
    return copy;
  };
  const readObject = (object: object, path: string, depth: number): JsonValue => {
    const copy: Record<string, JsonValue> = {};
    for (const [key, member] of Object.entries(object) as [string, unknown][]) {
      if (member === undefined) continue;
      if (key === "__proto__") {
        issues.push({ code: "WORKFLOW_INVALID", path, message: "__proto__ cannot be a key", ...NO_PROTOTYPE });
        continue;
      }
      sources.set(copy, key, { path: joinPath(path, key) });
      copy[key] = read(member, joinPath(path, key), depth + 1);
    }
    return copy;
  };
  const copy = read(value, "", 0);
  return { value: copy, sources, issues };
}
