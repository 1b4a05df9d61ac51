// Folding of logs: what is alike goes, what is rare, severe or odd stays. Lines are made in the forms of common services.
import { describe, expect, it } from "vitest";
import { logReducer } from "../../../../../lib/orchestration/compression/reducers/log.ts";
import { cutCounts, brokenPromises, pinnedView, reduce, viewOf, wholeView } from "../reducing.ts";

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function clock(second: number): string {
  return [Math.floor(second / 3_600) % 24, Math.floor(second / 60) % 60, second % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

type MakeLine = (second: number, below: (most: number) => number) => string;

const FORMS: Readonly<Record<string, MakeLine>> = {
  "block store": (s, below) =>
    `0811${10 + (s % 2)} ${clock(s).replaceAll(":", "")} ${below(300)} INFO dfs.Node$Pipe: Received block blk_-${10 ** 15 + below(9e8)} of size ${60_000 + below(900)} from /10.251.${below(40)}.${below(250)}`,
  "web server": (s, below) => `[Sun Dec 04 ${clock(s)} 2031] [notice] worker2.init() ok /etc/httpd/conf/workers${below(9)}.properties`,
  "remote shell": (s, below) =>
    `Dec 10 ${clock(s)} LabSZ sshd[${24_000 + below(900)}]: Accepted password for user${below(5)} from 10.17.2.${below(200)} port ${40_000 + below(9_000)} ssh2`,
  "super computer": (s, below) =>
    `- 11178${10_000 + s} 2031.06.03 R0${below(8)}-M1-N0 2031-06-03-${clock(s).replaceAll(":", ".")}.${100_000 + below(800_000)} RAS KERNEL INFO ${below(90)} ddr errors(s) detected and corrected`,
  quorum: (s, below) =>
    `2031-07-29 ${clock(s)},${100 + below(900)} - INFO  [Listener:2181:Cnxn@${190 + below(3)}] - Accepted socket connection from /10.10.34.${below(40)}:${40_000 + below(20_000)}`,
  windows: (s, below) =>
    `2031-09-28 ${clock(s)}, Info                  CBS    Session: ${30_546_000 + below(900)}_${below(90_000)} initialized by client WindowsUpdateAgent.`,
};

function logOf(make: MakeLine, count: number, seed: number): string[] {
  const next = random(seed);
  const below = (most: number): number => Math.floor(next() * most);
  return Array.from({ length: count }, (_, index) => make(index * 2, below));
}

describe("the log reducer", () => {
  it.each(Object.entries(FORMS))("folds alike lines of a %s", (_, make) => {
    const lines = logOf(make, 400, 3);
    const view = viewOf(logReducer, lines.join("\n"));
    expect(view.length).toBeLessThan(lines.join("\n").length * 0.25);
    expect(view).toContain(lines[0]);
  });

  it("keeps at least 98 % of odd numbers planted into frequent lines", () => {
    const next = random(11);
    let planted = 0;
    let kept = 0;
    let pinned = 0;
    for (const [index, make] of Object.values(FORMS).entries()) {
      for (let round = 0; round < 18; round++) {
        const lines = logOf(make, 300, 100 * index + round);
        const odd: string[] = [];
        const changed = new Set<number>();
        for (let tries = 0; odd.length < 5 && tries < 50; tries++) {
          const at = Math.floor(next() * lines.length);
          const line = lines[at] ?? "";
          const numbers = [...line.matchAll(/(?<![\d_])\d+/g)].filter((match) => match.index > 34);
          const number = numbers[Math.floor(next() * numbers.length)];
          if (number === undefined || changed.has(at)) continue;
          changed.add(at);
          const value =
            `${7 + Math.floor(next() * 3)}${String(Math.floor(next() * 1e12)).padStart(12, "0")}${String(at).padStart(9, "1")}`.slice(
              0,
              Math.max(4, number[0].length + 2),
            );
          lines[at] = line.slice(0, number.index) + value + line.slice(number.index + number[0].length);
          odd.push(lines[at]);
        }
        const reduction = reduce(logReducer, lines.join("\n"));
        const view = wholeView(reduction);
        const pins = pinnedView(reduction);
        planted += odd.length;
        kept += odd.filter((line) => view.includes(line)).length;
        pinned += odd.filter((line) => pins.includes(line)).length;
      }
    }
    expect(planted).toBeGreaterThanOrEqual(500);
    expect(kept / planted).toBeGreaterThanOrEqual(0.98);
    expect(pinned / planted).toBeGreaterThanOrEqual(0.98);
  });

  it("keeps rare and severe lines word by word and pins them", () => {
    const lines = logOf(FORMS["web server"] ?? (() => ""), 200, 5);
    lines[77] = "[Sun Dec 04 04:47:44 2031] [error] mod_jk child workerEnv in error state 6";
    lines[120] = "[Sun Dec 04 05:47:44 2031] [notice] configured -- resuming normal operations";
    const reduction = reduce(logReducer, lines.join("\n"));
    expect(pinnedView(reduction)).toContain(lines[77]);
    expect(pinnedView(reduction)).toContain(lines[120]);
  });

  it("keeps an odd word in a place where few others stand", () => {
    const lines = Array.from(
      { length: 120 },
      (_, index) =>
        `2031-01-01 ${clock(index)} INFO auth: session opened for user ${index === 60 ? "mallory" : ["root", "deploy"][index % 2]} by uid 0`,
    );
    expect(viewOf(logReducer, lines.join("\n"))).toContain("mallory");
  });

  it("counts every folded and every cut line", () => {
    const lines = logOf(FORMS["quorum"] ?? (() => ""), 150, 9);
    const reduction = reduce(logReducer, lines.join("\n"));
    const folds = [...wholeView(reduction).matchAll(/×(\d+)/g)].map((match) => Number(match[1]) - 1);
    expect(folds.reduce((sum, count) => sum + count, reduction.units.length)).toBe(150);
    expect(cutCounts(reduction.render(new Set())).reduce((sum, count) => sum + count, 0)).toBe(150);
  });

  it("keeps a line of the address that most lines speak of, with their number", () => {
    const lines = Array.from(
      { length: 300 },
      (_, index) =>
        `Dec 10 ${clock(index)} LabSZ sshd[${24_000 + index}]: Failed password for root from ${index % 3 === 1 ? "183.62.140.253" : `10.${index % 97}.7.${index % 89}`} port ${40_000 + index} ssh2`,
    );
    const reduction = reduce(logReducer, lines.join("\n"));
    expect(pinnedView(reduction)).toContain("from 183.62.140.253 port");
    expect(wholeView(reduction)).toContain("address in 100 lines");
  });

  it("keeps lines that the task names and small groups that it asks for", () => {
    const lines = logOf(FORMS["remote shell"] ?? (() => ""), 100, 2);
    lines[50] = "Dec 10 09:00:00 LabSZ sshd[24001]: Accepted password for user3 from 10.17.2.77 port 51234 ssh2";
    expect(viewOf(logReducer, lines.join("\n"), { task: "Which login used port 51234?" })).toContain("port 51234");
    const few = Array.from(
      { length: 12 },
      (_, index) => `2031-01-01 ${clock(index)} INFO task ${index} finished with result size ${800 + index} bytes`,
    );
    const content = [...few, ...logOf(FORMS["quorum"] ?? (() => ""), 100, 4)].join("\n");
    expect(viewOf(logReducer, content, { task: "Give the result size of each finished task" })).toContain("result size 807 bytes");
  });

  it("keeps the lines of the service that the task asks about, among alike lines of others", () => {
    const services = ["gateway", "billing", "search", "mailer", "planner", "reports"];
    const lines = Array.from(
      { length: 240 },
      (_, index) =>
        `2031-01-01 ${clock(index)} INFO [${services[index % 6]}] ${services[index % 6]} connected to broker amqp-${index % 6} on port ${5_670 + (index % 6)}`,
    );
    const view = viewOf(logReducer, lines.join("\n"), { task: "Which broker did billing connect to?" });
    expect(view).toContain("billing connected to broker amqp-1 on port 5671");
    expect(view.length).toBeLessThan(lines.join("\n").length / 4);
  });

  it("keeps a short list of lines that differ in words", () => {
    const starts = ["gateway", "billing", "search", "mailer", "planner", "reports"].map(
      (name, index) => `2031-01-01 08:00:0${index} INFO ${name} version ${index}.4.2 starting on host node-${index}`,
    );
    const view = viewOf(logReducer, [...starts, ...logOf(FORMS["quorum"] ?? (() => ""), 100, 8)].join("\n"));
    for (const line of starts) expect(view).toContain(line);
  });

  it("shows what a terminal would show of colours and progress bars", () => {
    const content = `\u001B[32mok\u001B[0m build\n10%\r50%\r100% done\n${"same line here\n".repeat(20)}`;
    const view = viewOf(logReducer, content);
    expect(view).toContain("ok build");
    expect(view).toContain("100% done");
    expect(view).not.toContain("\u001B");
    expect(view).not.toContain("50%");
  });

  it("folds stack frames and repeated traces but not the messages", () => {
    const trace = [
      "2031-01-01 10:00:00 ERROR worker: java.io.IOException: disk 7 is gone",
      ...Array.from({ length: 12 }, (_, index) => `\tat com.acme.Deep${index}.call(Deep.java:${index})`),
      "Caused by: java.lang.Error: cable 9 unplugged",
    ];
    const view = viewOf(logReducer, Array.from({ length: 8 }, () => trace.join("\n")).join("\n"));
    expect(view).toContain("disk 7 is gone");
    expect(view).toContain("cable 9 unplugged");
    expect(view.length).toBeLessThan(trace.join("\n").length * 3);
  });

  it("pins the summary of a test run", () => {
    const content = [
      ...Array.from({ length: 40 }, (_, index) => ` ✓ tests/part${index}.test.ts (${index % 5} tests) ${index}ms`),
      " ✗ tests/cart.test.ts > adds tax",
      "Tests: 1 failed, 118 passed, 119 total",
    ].join("\n");
    const pins = pinnedView(reduce(logReducer, content));
    expect(pins).toContain("Tests: 1 failed, 118 passed, 119 total");
    expect(pins).toContain("adds tax");
  });

  it("keeps its promises for all forms, also mixed", () => {
    for (const [index, make] of Object.values(FORMS).entries())
      expect(brokenPromises(logReducer, logOf(make, 60, index).join("\n"), "Which ports?")).toEqual([]);
    const mixed = Object.values(FORMS).flatMap((make, index) => logOf(make, 30, index));
    expect(brokenPromises(logReducer, mixed.join("\n"))).toEqual([]);
  });

  it("takes a marker in the content for text", () => {
    const content = Array.from({ length: 30 }, (_, index) => `INFO job ${index} done [… 9 lines cut]`).join("\n");
    expect(cutCounts(viewOf(logReducer, content, { level: 2 }))).toEqual([]);
  });
});
