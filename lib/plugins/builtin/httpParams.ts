// The params and outputs of the http plugin's actions. Field names are snake_case, as in workflow files.
import { z } from "zod";
import { jsonValue } from "./jsonValue.ts";

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export const authParams = z.strictObject({
  connection: z.string().min(1).describe("Name of the stored connection that holds the secret"),
  scheme: z
    .enum(["bearer", "basic", "header"])
    .default("bearer")
    .describe("basic: the secret is user:password; header: it is sent as it is in `header`"),
  header: z.string().regex(HEADER_NAME, "is not a header name").default("x-api-key"),
});

const common = {
  url: z.string().min(1).describe("http:// or https://"),
  query: z
    .record(z.string(), z.union([scalar, z.array(scalar), z.null()]))
    .optional()
    .describe("Added to the URL; null is left out"),
  headers: z.record(z.string().regex(HEADER_NAME, "is not a header name"), z.string()).default({}),
  auth: authParams.optional(),
  response: z
    .enum(["auto", "json", "text", "base64"])
    .default("auto")
    // Whole numbers beyond 2^53 − 1 become texts; not said here: a description is part of every prompt that offers the tool.
    .describe("auto: by the content type"),
  fail_on_status: z.boolean().default(true).describe("A status of 400 or more is an error"),
  timeout_ms: z.int().positive().max(300_000).default(30_000),
  max_bytes: z.int().positive().max(10_000_000).default(5_000_000),
};

export const paginateParams = z.strictObject({
  by: z
    .enum(["link", "cursor", "page"])
    .describe("link: the Link header's rel=next; cursor: a field of the answer; page: a counted parameter"),
  items: z.string().optional().describe("Path of the list in each answer; default: the answer is the list"),
  cursor: z.string().optional().describe("For cursor: path of the next cursor, or of the next URL"),
  param: z.string().min(1).optional().describe("Query parameter of the cursor or page number; default `cursor`, `page`"),
  start: z.int().min(0).default(1).describe("For page: number of the first page"),
  max_pages: z.int().positive().max(1_000).default(10),
  max_items: z.int().positive().max(100_000).default(1_000),
});

export const getParams = z.strictObject({ ...common, paginate: paginateParams.optional() });

const writeFields = {
  ...common,
  body: jsonValue.optional(),
  body_as: z.enum(["json", "text", "form"]).optional().describe("Default: text for a text, else json"),
  idempotency_window_hours: z
    .number()
    .positive()
    .max(8_760)
    .optional()
    .describe("For how long this server honours the Idempotency-Key header; set it only if it does"),
  verify_url: z
    .string()
    .min(1)
    .optional()
    .describe("GET of this URL tells whether the effect happened: 2xx yes, 404 or 410 no. {key} stands for the idempotency key"),
};

export const writeParams = z.strictObject(writeFields);
export const requestParams = z.strictObject({
  ...writeFields,
  method: z.enum(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]),
});

export type WriteParams = z.output<typeof writeParams>;
export type PaginateParams = z.output<typeof paginateParams>;
/** What building a request needs; a read has no body. */
export type BuildParams = Pick<WriteParams, "url" | "headers" | "timeout_ms" | "max_bytes" | "response"> &
  Partial<Pick<WriteParams, "query" | "auth" | "body" | "body_as">> & { readonly method: string };

const responseFields = { status: z.number(), url: z.string(), headers: z.record(z.string(), z.string()), body: jsonValue };

export const responseOutput = z.object(responseFields);
export const pageOutput = z.union([
  responseOutput,
  z.object({ items: z.array(jsonValue), page_count: z.number(), is_truncated: z.boolean() }),
]);
