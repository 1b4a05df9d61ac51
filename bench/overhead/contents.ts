// Contents of seeded shapes and sizes for steps to read: API answers, logs, mails, pages. Invented; nothing is read from disk.
import type { JsonValue } from "../../lib/core/json.ts";

/** Park and Miller's generator: the same contents for the same seed on every machine. */
function seeded(seed: number): () => number {
  let state = seed % 2_147_483_647 || 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

const WORDS =
  "order invoice shipment customer delay refund carrier warehouse pallet review quarter forecast ledger balance supplier route driver stock region branch".split(
    " ",
  );

type Make = (random: () => number, bytes: number) => JsonValue;

const pick = (random: () => number): string => WORDS[Math.floor(random() * WORDS.length)] ?? "order";

function sentence(random: () => number): string {
  const words = Array.from({ length: 8 + Math.floor(random() * 8) }, () => pick(random));
  return `${words.join(" ")} ${Math.floor(random() * 900) + 100}.`;
}

function until(bytes: number, next: (index: number) => string): string {
  let text = "";
  for (let index = 0; text.length < bytes; index += 1) text += next(index);
  return text;
}

const rows: Make = (random, bytes) =>
  Array.from({ length: Math.max(1, Math.round(bytes / 190)) }, (_, index) => ({
    id: `R-${100_000 + index}`,
    status: random() < 0.03 ? "failed" : "done",
    owner: { name: pick(random), email: `${pick(random)}${index % 9}@example.com` },
    amount_usd: Math.round(random() * 10_000) / 100,
    updated_at: `2026-0${1 + (index % 9)}-1${index % 10}T08:00:00Z`,
    url: `https://example.com/api/records/${100_000 + index}`,
  }));

const log: Make = (random, bytes) =>
  until(bytes, (index) => {
    const level = random() < 0.02 ? "ERROR" : "INFO";
    return `2026-05-01T10:${String(Math.floor(index / 60) % 60).padStart(2, "0")}:${String(index % 60).padStart(2, "0")}Z ${level} worker-${index % 7} handled request ${Math.floor(random() * 100_000)} in ${Math.floor(random() * 90)} ms\n`;
  });

const page: Make = (random, bytes) => {
  const body = until(bytes, () => `<p class="text-${Math.floor(random() * 9)}">${sentence(random)}</p>\n`);
  return `<!doctype html><html><head><title>${pick(random)}</title><style>p{margin:0}</style><script>var a = 1;</script></head><body><nav><a href="/">Home</a><a href="/about">About</a></nav><main>${body}</main><footer>All rights reserved</footer></body></html>`;
};

const mail: Make = (random, bytes) =>
  `From: Ada <ada@example.com>\nTo: Team <team@example.com>\nSubject: ${pick(random)} ${pick(random)}\nDate: Mon, 4 May 2026 09:00:00 +0000\n\n${until(bytes, () => `${sentence(random)}\n`)}\n-- \nAda\nHead of ${pick(random)}\n`;

const KINDS: readonly Make[] = [rows, log, page, mail];
const KILOBYTES = [1, 2, 4, 8, 12, 20];

/** @returns `count` contents of 1 to 20 KB, kinds and sizes in turn */
export function mixedContents(count: number): JsonValue[] {
  const random = seeded(7);
  return Array.from({ length: count }, (_, index) => {
    const make = KINDS[index % KINDS.length] ?? rows;
    return make(random, (KILOBYTES[Math.floor(index / KINDS.length) % KILOBYTES.length] ?? 1) * 1_000);
  });
}

/** A page of 200 KB: work for another thread. */
export function largePage(): JsonValue {
  return page(seeded(11), 200_000);
}
