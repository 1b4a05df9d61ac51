import { describe, expect, test } from "vitest";
import { configForSnapshot, configKeys } from "../../../lib/config/describeConfig.ts";
import { loadConfig } from "../../../lib/config/loadConfig.ts";
import { AppError } from "../../../lib/core/errors.ts";

const cwd = "/srv/app";
const options = { cwd };
const home = { HOME: "/home/ann" };

function problemsOf(...[env, file, given]: Parameters<typeof loadConfig>): readonly string[] {
  try {
    loadConfig(env, file, given ?? options);
  } catch (error) {
    if (AppError.is(error, "CONFIG_INVALID")) return error.details["problems"] as readonly string[];
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  test("is complete, absolute and frozen without any setting", () => {
    const config = loadConfig(home, {}, options);

    expect(config).toMatchObject({
      dataFolder: "/srv/app/.neuronforge",
      outboxFolder: "/srv/app/.neuronforge/outbox",
      filesRoot: "/srv/app",
      secretKeyFile: "/home/ann/.config/neuronforge/secret.key",
      database: "pglite",
      live: false,
      defaultModel: "offline",
      maxConcurrentExecutions: 100,
      maxConcurrentSteps: 4,
      memoryMaxTokens: 800,
      memoryModel: null,
      memoryRetentionDays: 90,
      foundKeys: { openai: null, anthropic: null, google: null },
    });
    expect(Object.values(config)).not.toContain(undefined);
    expect(Object.isFrozen(config) && Object.isFrozen(config.providers) && Object.isFrozen(config.foundKeys)).toBe(true);
  });

  test("takes the command line before the environment before the file before the default", () => {
    const env = { NEURONFORGE_POOL_SIZE: "20", NEURONFORGE_MAX_CONCURRENT_STEPS: "8" };
    const file = { poolSize: 30, maxConcurrentSteps: 2, maxConcurrentExecutions: 7 };

    const config = loadConfig(env, file, { cwd, overrides: { poolSize: 5, dataFolder: undefined } });

    expect(config).toMatchObject({ poolSize: 5, maxConcurrentSteps: 8, maxConcurrentExecutions: 7, dataFolder: "/srv/app/.neuronforge" });
  });

  test("takes what memory may cost from the environment, and refuses what is out of range", () => {
    const env = { NEURONFORGE_MEMORY_MAX_TOKENS: "0", NEURONFORGE_MEMORY_MODEL: "offline", NEURONFORGE_MEMORY_RETENTION_DAYS: "7" };

    expect(loadConfig(env, {}, options)).toMatchObject({ memoryMaxTokens: 0, memoryModel: "offline", memoryRetentionDays: 7 });
    expect(problemsOf({ NEURONFORGE_MEMORY_MAX_TOKENS: "8001" })).toEqual([expect.stringContaining("memoryMaxTokens")]);
    expect(problemsOf({ NEURONFORGE_MEMORY_RETENTION_DAYS: "0" })).toEqual([expect.stringContaining("memoryRetentionDays")]);
  });

  test.each([
    ["on", true],
    ["1", true],
    ["FALSE", false],
    ["off", false],
  ])("reads %s as the boolean %s", (text, expected) => {
    expect(loadConfig({ NEURONFORGE_NOTIFY: text }, {}, options).notify).toBe(expected);
  });

  test("reads a list from commas and treats an empty variable as not set", () => {
    const config = loadConfig({ NEURONFORGE_ALLOWED_PRIVATE_HOSTS: "localhost:8080, ::1 ,", NEURONFORGE_LOG_LEVEL: " " }, {}, options);

    expect(config.allowedPrivateHosts).toEqual(["localhost:8080", "::1"]);
    expect(config.logLevel).toBe("warn");
  });

  test("uses postgres when only DATABASE_URL is set", () => {
    expect(loadConfig({ DATABASE_URL: "postgres://app@db/app" }, {}, options)).toMatchObject({
      database: "postgres",
      databaseUrl: "postgres://app@db/app",
    });
  });

  test("lists all problems at once, with variable, expectation and what it got", () => {
    const problems = problemsOf(
      { NEURONFORGE_POOL_SIZE: "many", NEURONFORGE_LOG_LEVEL: "verbose", NEURONFORGE_DATABASE: "postgres" },
      { log_level: "info", maxConcurentSteps: 3, secretKey: "x", providers: [{ name: "a b", kind: "openai", apiKey: "k" }] },
    );

    expect(problems).toEqual([
      "log_level is not a known key, did you mean logLevel?",
      "maxConcurentSteps is not a known key, did you mean maxConcurrentSteps?",
      "secretKey is a secret and may not stand in a file: set NEURONFORGE_SECRET_KEY in the environment",
      'poolSize (NEURONFORGE_POOL_SIZE): expected a whole number of connections from 1 to 200, got "many"',
      'logLevel (NEURONFORGE_LOG_LEVEL): expected one of debug, info, warn, error, silent, got "verbose"',
      'providers[0].name: expected a name of at most 64 letters, digits, dots, dashes and underscores, got "a b"',
      "providers[0].apiKey is not a known key, did you mean providers[0].apiKeyFrom?",
      "database is postgres, but databaseUrl (DATABASE_URL) is not set",
    ]);
  });

  test("says all problems in the message too, and no password", () => {
    expect(() => loadConfig({ DATABASE_URL: "mysql://app:pa55@db/app" }, {}, options)).toThrow(
      /the configuration has a problem: databaseUrl \(DATABASE_URL\): expected an address such as postgres/,
    );
    expect(problemsOf({ DATABASE_URL: "mysql://app:pa55@db/app" }).join()).not.toContain("pa55");
  });

  test("refuses an embedded database together with a DATABASE_URL", () => {
    expect(problemsOf({ DATABASE_URL: "postgres://db/app", NEURONFORGE_DATABASE: "pglite" })).toEqual([
      "database is pglite, but databaseUrl (DATABASE_URL) is set: take one of the two away",
    ]);
  });

  test("refuses a key file inside the data folder", () => {
    expect(problemsOf({ NEURONFORGE_SECRET_KEY_FILE: ".neuronforge/keys/a" })[0]).toMatch(/outside the data folder/);
    expect(problemsOf({ NEURONFORGE_SECRET_KEY_FILE: ".neuronforge-keys/a" })).toEqual([]);
  });

  test("resolves a provider's key from the named variable and leaves connections for later", () => {
    const file = {
      providers: [
        { name: "local", kind: "openai-compatible", baseUrl: "http://127.0.0.1:8000/v1", apiKeyFrom: { env: "LOCAL_KEY" } },
        { name: "main", kind: "anthropic", apiKeyFrom: { connection: "anthropic" } },
      ],
    };

    const { providers } = loadConfig({ LOCAL_KEY: "k1" }, file, options);

    expect(providers.map(({ name, apiKey }) => [name, apiKey])).toEqual([
      ["local", "k1"],
      ["main", null],
    ]);
  });

  test("leaves a provider whose variable is not set or blank without a key: its calls say so", () => {
    const local = { name: "local", kind: "openai", apiKeyFrom: { env: "LOCAL_KEY" } };

    for (const env of [{}, { LOCAL_KEY: " " }]) expect(loadConfig(env, { providers: [local] }, options).providers[0]?.apiKey).toBeNull();
  });

  test("names a provider's missing address and taken name", () => {
    const local = { name: "local", kind: "openai-compatible", apiKeyFrom: { env: "LOCAL_KEY" } };

    expect(problemsOf({}, { providers: [local, { name: "local", kind: "openai" }] })).toEqual([
      "providers[0].baseUrl: expected a URL, since kind is openai-compatible, got null",
      'providers[1].name: "local" is taken by an earlier provider',
    ]);
  });

  test("gives an MCP server's process a bare environment, and what is named for it", () => {
    const file = {
      mcpServers: [
        {
          name: "files",
          command: "npx",
          args: ["-y", "server-filesystem", "data"],
          folder: "work",
          env: { MODE: "fast", TOKEN: { connection: "tickets" }, KEY: { env: "TICKETS_KEY" }, LOST: { env: "NOT_SET" } },
        },
        {
          name: "remote",
          url: "https://mcp.example/mcp",
          connection: "remote",
          tools: ["search"],
          effects: { search: "read" },
          timeoutMs: 5_000,
        },
      ],
    };
    const env = { ...home, PATH: "/bin", OPENAI_API_KEY: "value-of-o", TICKETS_KEY: "k1" };

    expect(loadConfig(env, file, options).mcpServers).toEqual([
      {
        name: "files",
        timeoutMs: 60_000,
        tools: null,
        effects: {},
        target: {
          kind: "process",
          command: "npx",
          args: ["-y", "server-filesystem", "data"],
          folder: "/srv/app/work",
          environment: { PATH: "/bin", HOME: "/home/ann", MODE: "fast", KEY: "k1" },
          secrets: { TOKEN: "tickets" },
          hidden: ["KEY"],
          missing: ["NOT_SET"],
        },
      },
      {
        name: "remote",
        timeoutMs: 5_000,
        tools: ["search"],
        effects: { search: "read" },
        target: { kind: "address", url: "https://mcp.example/mcp", connection: "remote" },
      },
    ]);
  });

  test("names what is wrong with MCP servers, and quotes nothing of their environment", () => {
    const problems = problemsOf(home, {
      mcpServers: [
        { name: "Files", command: "npx" },
        { name: "both", command: "npx", url: "https://mcp.example" },
        { name: "both", url: "file:///etc/passwd" },
        { name: "env", command: "npx", env: { KEY: ["value-of-key"] }, comand: "x" },
        { name: "effects", command: "npx", connection: "a", effects: { read: "harmless" } },
      ],
    });

    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringContaining("mcpServers[0].name: expected a name of at most 41 lower-case letters"),
        expect.stringContaining("mcpServers[2].url: expected"),
        expect.stringContaining("mcpServers[3].env.KEY: expected"),
        "mcpServers[3].comand is not a known key, did you mean mcpServers[3].command?",
        expect.stringContaining("mcpServers[4].effects.read: expected"),
      ]),
    );
    expect(problems.join()).not.toContain("value-of-key");
    expect(problemsOf(home, { mcpServers: [{ name: "a" }, { name: "a", command: "x", connection: "c" }] })).toEqual([
      "mcpServers[0]: expected either command or url",
      'mcpServers[1].name: "a" is taken by an earlier server',
      "mcpServers[1].connection: only a server with a url takes one; use env",
    ]);
  });

  test("refuses secrets of MCP servers that stand in the file", () => {
    const args = ["--header", "Authorization: Bearer abcdefghijklmnop"];
    const problems = problemsOf(home, { mcpServers: [{ name: "a", command: "x", args, env: { API_KEY: "plain-words", MODE: "fast" } }] });

    expect(problems.map((problem) => problem.split(" is ")[0])).toEqual(["mcpServers[0].env.API_KEY", "mcpServers[0].args[1]"]);
    expect(problems.join()).not.toMatch(/plain-words|abcdefghijklmnop/);
  });

  test.each([
    ["https://ann:hunter2pass@mcp.example/mcp", false],
    ["https://ann@mcp.example/mcp", false],
    ["https://mcp.example/mcp?key=abc", false],
    ["https://mcp.example/mcp?accessToken=abc", false],
    ["https://mcp.example/sk-abcdefghijklmnopqrstuv/mcp", false],
    ["https://mcp.example/mcp?region=eu", true],
  ])("takes no address of an MCP server that holds a secret: %s", (url, isTaken) => {
    const problems = problemsOf(home, { mcpServers: [{ name: "a", url }] });

    expect(problems.map((problem) => problem.split(" ")[0])).toEqual(isTaken ? [] : ["mcpServers[0].url"]);
    expect(problems.join()).not.toMatch(/hunter2|abc/);
  });

  test("keeps found keys apart and does not go live because of them", () => {
    const config = loadConfig({ OPENAI_API_KEY: "k1", ANTHROPIC_API_KEY: "", GOOGLE_GENERATIVE_AI_API_KEY: "k3" }, {}, options);

    expect(config.foundKeys).toEqual({ openai: "k1", anthropic: null, google: "k3" });
    expect(config).toMatchObject({ live: false, providers: [] });
  });
});

describe("describeConfig", () => {
  test("knows description, expectation and default of each key", () => {
    const keys = [...configKeys().values()];

    expect(keys.length).toBeGreaterThan(15);
    expect(keys.filter(({ description }) => description.length < 20)).toEqual([]);
    expect(configKeys().get("maxOutputBytes")).toMatchObject({
      expected: "a whole number of bytes from 1024 to 268435456",
      defaultValue: "8388608",
    });
  });

  test("puts no secret into an execution's snapshot", () => {
    const file = { providers: [{ name: "p", kind: "openai", apiKeyFrom: { env: "P_KEY" } }] };
    const env = {
      P_KEY: "value-of-p",
      OPENAI_API_KEY: "value-of-o",
      NEURONFORGE_SECRET_KEY: "value-of-s",
      DATABASE_URL: "postgres://a:value-of-d@h/x",
    };

    const snapshot = JSON.stringify(configForSnapshot(loadConfig(env, file, options)));

    expect(snapshot).not.toContain("value-of");
    expect(snapshot).toContain('"apiKeyFrom":{"env":"P_KEY"}');
  });
});
