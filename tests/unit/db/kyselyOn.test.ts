import { describe, expect, it } from "vitest";
import { kyselyOn } from "../../../lib/db/kyselyOn.ts";

describe("kyselyOn", () => {
  it("sends a compiled statement with its values through the given Queryable", async () => {
    const sent: unknown[] = [];
    const kysely = kyselyOn({
      query: async (text, values) => {
        sent.push([text, values]);
        return { rows: [], rowCount: 3 };
      },
    });

    const [result] = await kysely.updateTable("agents").set({ status: "archived" }).where("agent_name", "=", "a").execute();

    expect(sent).toEqual([['update "agents" set "status" = $1 where "agent_name" = $2', ["archived", "a"]]]);
    expect(result?.numUpdatedRows).toBe(3n);
  });

  it("refuses Kysely's own transactions, which would not be on one connection", async () => {
    const kysely = kyselyOn({ query: async () => ({ rows: [], rowCount: 0 }) });

    await expect(kysely.transaction().execute(async () => 1)).rejects.toThrow("use Database.transaction");
  });
});
