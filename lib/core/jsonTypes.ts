// What JSON can say, as types. Apart from json.ts, because errors carry JSON and json.ts throws errors.
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };
export type JsonObject = { readonly [key: string]: JsonValue | undefined };
