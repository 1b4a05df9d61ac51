// Invented logs with an incident in them, and invented meetings: contents that no package ships. All names and figures are made up.
import type { SeededRandom } from "../random.ts";
import type { Case } from "./types.ts";

const SERVICES = ["billing", "search", "ingest", "mailer", "gateway", "profiles"] as const;
const NORMAL = [
  "request done in # ms",
  "cache hit for key k#",
  "heartbeat # ok",
  "connection # opened",
  "connection # closed",
  "flushed # rows",
] as const;
const FAILURES = [
  ["connection to db-# refused", "database"],
  ["timed out after # ms waiting for lock lk-#", "lock"],
  ["disk full on /mnt/v#: # bytes needed", "disk"],
  ["certificate of peer p#.example expired # days ago", "certificate"],
  ["out of memory in worker # at # MB", "memory"],
] as const;

/** A few hundred lines, some of them about one failure of one service. */
export function incidentCase(random: SeededRandom, index: number): Case {
  const number = (): string => String(10 + random.below(99_000));
  const fill = (text: string): string => text.replace(/#/g, number);
  const [failure, subject] = random.pick(FAILURES);
  const service = random.pick(SERVICES);
  const at = new Set(random.sample([...Array(250).keys()], 4));
  const answers: string[][] = [];
  const lines = Array.from({ length: 250 }, (_, line) => {
    const time = `2032-05-1${index % 10}T0${Math.floor(line / 60)}:${String(line % 60).padStart(2, "0")}:${String(random.below(60)).padStart(2, "0")}Z`;
    if (!at.has(line)) return `${time} INFO [${random.pick(SERVICES)}] ${fill(random.pick(NORMAL))}`;
    const text = fill(failure);
    answers.push([text], [time]);
    return `${time} ERROR [${service}] ${text}`;
  });
  return {
    source: `incident ${index}`,
    content: lines.join("\n"),
    task: random.pick([
      `What is wrong with the ${subject} in the ${service} service? Give the errors and when they happened.`,
      "Find the errors in this log: message, service and time.",
      "Check this log and say what went wrong.",
      `What is wrong with the ${subject} in the ${service} service?`,
    ]),
    answers: random.sample(answers, 5),
    family: "log",
  };
}

const STARTUP = [
  ["~ version #.#.# starting on host node-#", "version"],
  ["~ listening on 0.0.0.0 port #", "port"],
  ["~ connected to broker amqp://mq-#.internal:#", "broker"],
  ["~ using # MB of memory for its cache", "memory"],
  ["~ read settings from /etc/~/conf-#.yaml", "settings"],
  ["~ restored # sessions in # ms", "sessions"],
] as const;

/** Some services start, each with lines of its own among what the others do; the task asks about one of them, and nothing fails. */
export function startupCase(random: SeededRandom, index: number): Case {
  const number = (): string => String(10 + random.below(59_000));
  const service = random.pick(SERVICES);
  const asked = random.sample(STARTUP, 4);
  const answers: string[][] = [];
  const special = new Map<number, string>();
  const places = random.sample([...Array(220).keys()], 40);
  for (const [order, place] of places.entries()) {
    const [text, subject] = order < asked.length ? (asked[order] ?? STARTUP[0]) : random.pick(STARTUP);
    const who = order < asked.length ? service : random.pick(SERVICES.filter((other) => other !== service));
    const line = `[${who}] ${text.replaceAll("~", who).replace(/#/g, number)}`;
    special.set(place, line);
    if (order < asked.length)
      answers.push([line.replace(/^.*? (?=\S*\d)/, ""), subject === "settings" ? service : ""].filter((part) => part !== ""));
  }
  const lines = Array.from({ length: 220 }, (_, line) => {
    const time = `2032-06-0${1 + (index % 9)} 11:${String(Math.floor(line / 60)).padStart(2, "0")}:${String(line % 60).padStart(2, "0")},${random.below(900) + 100}`;
    return `${time} INFO ${special.get(line) ?? `[${random.pick(SERVICES)}] ${random.pick(NORMAL).replace(/#/g, number)}`}`;
  });
  const names = asked.map(([, subject]) => subject).join(", ");
  return {
    source: `startup ${index}`,
    content: lines.join("\n"),
    task: random.pick([
      `Confirm that ${service} started correctly: ${names}.`,
      `Report the start of ${service} with ${names}.`,
      `Which ${names} did ${service} report?`,
    ]),
    answers,
    family: "log",
  };
}

const PEOPLE = ["Ada", "Bruno", "Chidi", "Dana", "Emre", "Freya"] as const;
const SUBJECTS = ["the release", "the data import", "the office move", "hiring", "the new pricing", "support load"] as const;
const STATEMENTS = [
  "we agreed to finish ~ by the #th of March",
  "~ will cost about # euros more than planned",
  "I will own ~ and report on day #",
  "for ~ we need # more people",
  "the blocker for ~ is ticket TK-#",
  "~ is not going ahead before week #",
] as const;
const FILLERS = [
  "yeah",
  "okay, sure",
  "mm-hmm",
  "right, so, um, let me think",
  "sorry, you go first",
  "can everybody hear me?",
  "I see",
] as const;

/** Turns of speakers; the task asks about one or two of the subjects, or about the whole. */
export function meetingCase(random: SeededRandom, index: number): Case {
  const said: { readonly subject: string; readonly figure: string }[] = [];
  const turns = Array.from({ length: 120 }, () => {
    const speaker = random.pick(PEOPLE);
    if (random.next() < 0.45) return `${speaker}: ${random.pick(FILLERS)}.`;
    const subject = random.pick(SUBJECTS);
    const figure = String(100 + random.below(90_000));
    said.push({ subject, figure });
    return `${speaker}: Well, ${random.pick(STATEMENTS).replace("~", subject).replace("#", figure)}.`;
  });
  const subject = random.pick(SUBJECTS);
  const isAboutAll = random.next() < 0.3;
  const asked = isAboutAll ? said : said.filter((one) => one.subject === subject);
  return {
    source: `meeting ${index}`,
    content: turns.join("\n"),
    task: isAboutAll
      ? "Summarise the meeting with all decisions and figures."
      : random.pick([`Summarise what was said about ${subject}, with figures.`, `What was said about ${subject}?`]),
    answers: random.sample(asked, 6).map(({ figure }) => [figure]),
    family: "meeting",
  };
}

const PRODUCTS = ["Lantern", "Kestrel", "Mosaic", "Juniper"] as const;
const REPORTS = [
  "since version #.# it stops with error E#",
  "the export of # rows takes # seconds",
  "order #-# was charged twice, # euros in total",
  "the invoice of the #th of May shows # instead of #",
  "the setting cache.size=# is ignored",
] as const;
const REPLIES = [
  "this is fixed in version #.#.#, please update",
  "you need to set retry.limit to #",
  "we refunded # euros under case C-#",
  "the cause is a wrong index on table t_#",
  "the workaround is to restart with --heap=#",
] as const;
const LEGAL =
  "This message and its attachments are confidential. If you are not the intended recipient please delete it and tell the sender. We accept no liability for damage caused by this message.";

/** A thread of mails with all their headers, quoted text and signatures; asked are facts of any of them and who wrote. */
export function mailCase(random: SeededRandom, index: number): Case {
  const number = (): string => String(11 + random.below(8_900));
  const product = random.pick(PRODUCTS);
  const subject = `${product}: trouble after the update`;
  const answers: string[][] = [];
  let quoted = "";
  const mails = Array.from({ length: 3 + random.below(4) }, (_, place) => {
    const name = random.pick(PEOPLE);
    const said = (place % 2 === 0 ? random.pick(REPORTS) : random.pick(REPLIES)).replace(/#/g, number);
    answers.push([said]);
    if (place === 0) answers.push([name]);
    const body = `Hello,\n\nthank you for writing. As far as I can see ${said}.\nPlease tell us whether that helps you.\n`;
    const header = [
      `From ${name.toLowerCase()}@${product.toLowerCase()}.example Tue Mar ${place + 2} 10:0${place}:00 2032`,
      `Received: from mx${number()}.example (mx.example [192.0.2.${place + 1}]) by mail.example with ESMTP id ${number()}${number()}`,
      `Message-ID: <${number()}.${number()}@${product.toLowerCase()}.example>`,
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      `X-Mailer: Invented ${number()}`,
      `Date: Tue, ${place + 2} Mar 2032 10:0${place}:00 +0100`,
      `From: ${name} <${name.toLowerCase()}@${product.toLowerCase()}.example>`,
      `To: help@${product.toLowerCase()}.example`,
      `Subject: ${place === 0 ? "" : "Re: "}${subject}`,
    ].join("\n");
    const mail = `${header}\n\n${body}${quoted}\n-- \n${name}, ${product} user group\n${LEGAL}\n`;
    quoted = `\nOn Tue, ${place + 2} Mar 2032, ${name} wrote:\n${(body + quoted)
      .split("\n")
      .map((line) => `> ${line}`)
      .join("\n")}\n`;
    return mail;
  });
  return {
    source: `mail ${index}`,
    content: mails.join("\n"),
    task: random.pick([
      "Summarise the thread: what was reported, what was answered, and by whom.",
      `What is wrong with ${product}, and how is it solved? Keep versions and figures.`,
      `What did the reporter of the trouble with ${product} find?`,
    ]),
    answers: random.sample(answers, 5),
    family: "mail",
  };
}
