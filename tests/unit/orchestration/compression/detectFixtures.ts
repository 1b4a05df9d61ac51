// Small texts of every payload type with the type that a person would name. All written for these tests.
import type { PayloadType } from "../../../../lib/orchestration/compression/types.ts";

export type Fixture = readonly [type: PayloadType, text: string];

function repeat(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join("\n");
}

const STRUCTURED: readonly Fixture[] = [
  ["json", '{"id": 7, "name": "Ada"}'],
  ["json", '[{"a":1},{"a":2}]'],
  ["json", '  {\n  "items": [],\n  "next": null\n}\n'],
  ["json", "[1, 2, 3]"],
  ["json", '\uFEFF{"bom": true}'],
  ["ndjson", '{"id":1,"level":"info"}\n{"id":2,"level":"warn"}\n{"id":3,"level":"info"}'],
  ["ndjson", '{"t":"2031-01-01T00:00:00Z","msg":"start"}\n{"t":"2031-01-01T00:00:01Z","msg":"stop"}\n'],
  ["ndjson", "[1,2]\n[3,4]\n[5,6]"],
  ["prose", "{this is not JSON, but a remark in braces that somebody typed before lunch}"],
  ["prose", "[Editor's note: the committee met twice. It agreed on nothing.] The second meeting was shorter."],
  ["code", '{\n  name: "web",\n  ports: [80, 443],\n  run() { return start(this.name); },\n}'],
  ["csv", "id,name,price\n1,Lamp,20.5\n2,Desk,180\n3,Chair,75"],
  ["csv", "id;name;city\n1;Anna;Bonn\n2;Bert;Ulm\n3;Cleo;Kiel"],
  ["csv", "id\tname\tqty\n1\tnut\t40\n2\tbolt\t12\n3\twasher\t900"],
  ["csv", 'id,note\n1,"two, or three"\n2,"said ""yes"""\n3,none\n4,"line\nbreak"'],
  ["csv", repeat(30, (row) => `2031-02-${String(row + 1).padStart(2, "0")},${row * 3},${row % 7},ok`)],
  ["csv", "host|cpu|memory\na1|12|40\na2|90|77\na3|3|12"],
];

const MARKUP: readonly Fixture[] = [
  ["html", "<!DOCTYPE html><html><head><title>Shop</title></head><body><p>Lamp</p></body></html>"],
  ["html", '<div class="card"><h2>Lamp</h2><p>20 euros</p><a href="/buy">Buy</a></div>'],
  ["html", "<!-- saved page -->\n<html lang=en><body><h1>Hello</h1><p>World</p></body></html>"],
  ["html", "<table><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td></tr></table>"],
  ["html", "<p>Dear team,</p><p>the <b>release</b> is out.</p><ul><li>faster</li><li>smaller</li></ul>"],
  ["xml", '<?xml version="1.0" encoding="UTF-8"?><order id="7"><item>Lamp</item></order>'],
  ["xml", '<rss version="2.0"><channel><title>News</title><item><title>One</title></item></channel></rss>'],
  ["xml", "<catalog><book id='1'><author>Ada</author><price>5</price></book><book id='2'><author>Bob</author></book></catalog>"],
  ["xml", '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id></entry></feed>'],
  ["xml", "<project><modelVersion>4.0.0</modelVersion><dependencies><dependency/></dependencies></project>"],
];

const MAILS: readonly Fixture[] = [
  ["email", "From: ada@example.org\nTo: bob@example.org\nSubject: Lunch\nDate: Mon, 3 Mar 2031 10:00:00 +0000\n\nAt noon?\n"],
  [
    "email",
    "Return-Path: <a@example.org>\nReceived: from mail (mail [10.0.0.1])\n\tby host; Mon, 3 Mar 2031 10:00:00 +0000\nFrom: Ada <a@example.org>\nSubject: Report\n\nSee below.",
  ],
  [
    "email",
    "From ada@example.org Mon Mar  3 10:00:00 2031\nFrom: ada@example.org\nSubject: One\n\nHello\n\nFrom bob@example.org Mon Mar  3 11:00:00 2031\nFrom: bob@example.org\nSubject: Re: One\n\n> Hello\nHi",
  ],
  [
    "email",
    "Subject: Invoice 77\nFrom: billing@example.org\nMIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<html><body><p>Pay</p></body></html>",
  ],
  ["email", "From: Ada\nSent: Monday\nTo: Bob\nSubject: Budget\n\nPlease approve the budget of 5,000 euros."],
];

const LOGS: readonly Fixture[] = [
  ["log", repeat(6, (n) => `2031-07-29 19:31:3${n},760 - WARN  [Worker:${n}@679] - Interrupted while waiting`)],
  ["log", repeat(6, (n) => `31/06/09 20:10:4${n} INFO store.Manager: block broadcast_${n} stored (size 5.2 KB)`)],
  ["log", repeat(6, (n) => `Jul  3 21:16:3${n} combo sshd[1955${n}]: authentication failure; uid=0 user=root`)],
  ["log", repeat(6, (n) => `[Sun Dec 04 04:47:4${n} 2031] [error] mod_jk child workerEnv in error state ${n}`)],
  ["log", repeat(6, (n) => `08110${n} 203518 143 INFO dfs.DataNode: Receiving block blk_-16089996${n} src: /10.2.1.${n}:54106`)],
  ["log", repeat(6, (n) => `- 111783857${n} 2031.06.03 R02-M1 2031-06-03-15.42.50 R02-M1 RAS KERNEL INFO parity error corrected`)],
  ["log", repeat(6, (n) => `20311223-22:15:29:60${n}|Step_Counter|3000${n}|onStandStepChanged 3579`)],
  ["log", repeat(6, (n) => `03-17 16:13:3${n}.811  1702  2395 D WindowManager: printFreezing rotation ${n}`)],
  ["log", repeat(6, (n) => `2031-09-28 04:30:3${n}, Info                  CBS    Loaded Servicing Stack v6.1.${n}`)],
  ["log", repeat(6, (n) => `[10.30 16:49:0${n}] chrome.exe - proxy.example.org:5070 open through proxy`)],
  ["log", repeat(6, (n) => `10.0.0.${n} - - [10/Oct/2031:13:55:3${n} +0000] "GET /a HTTP/1.1" 200 512`)],
  ["log", repeat(6, (n) => `2031-05-01T10:00:0${n}.123Z level=info msg="request done" ms=${n}`)],
  ["log", "INFO  starting\nWARN  low disk\nERROR cannot write /var/x\nINFO  retry in 5 s\nINFO  done"],
  ["log", "npm WARN deprecated a@1.0.0\nnpm ERR! code ELIFECYCLE\nnpm ERR! errno 1\nnpm ERR! web@1.0.0 build: `vite build`"],
  ["log", " ✓ tests/a.test.ts (3)\n ✓ tests/b.test.ts (9)\n ✗ tests/c.test.ts (1)\nPASS tests/d.test.ts\nTests: 1 failed, 12 passed"],
  ["log", "=== RUN   TestAdd\n--- PASS: TestAdd (0.00s)\n=== RUN   TestSub\n--- FAIL: TestSub (0.01s)\nFAIL"],
  ["log", repeat(6, (n) => `[    ${n}.123456] usb 1-1: new high-speed USB device number ${n}`)],
];

const CODE_AND_CHANGES: readonly Fixture[] = [
  [
    "diff",
    "diff --git a/x.ts b/x.ts\nindex 12ab34c..56de78f 100644\n--- a/x.ts\n+++ b/x.ts\n@@ -1,2 +1,2 @@\n-let a = 1;\n+let a = 2;\n let b;",
  ],
  ["diff", "--- old.txt\n+++ new.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three"],
  ["diff", "commit 1234567\nAuthor: Ada\n\n    Fix it\n\ndiff --git a/y b/y\n--- a/y\n+++ b/y\n@@ -3 +3 @@\n-x\n+y"],
  [
    "diff",
    "Index: a.c\n===================================================================\n--- a.c\t(revision 1)\n+++ a.c\t(working copy)\n@@ -1 +1 @@\n-int a;\n+long a;",
  ],
  [
    "stack-trace",
    "java.lang.NullPointerException: name\n\tat com.acme.A.run(A.java:10)\n\tat com.acme.B.main(B.java:5)\nCaused by: java.io.IOException: gone\n\t... 3 more",
  ],
  [
    "stack-trace",
    'Traceback (most recent call last):\n  File "app.py", line 3, in <module>\n    main()\n  File "app.py", line 9, in main\n    return 1 / 0\nZeroDivisionError: division by zero',
  ],
  [
    "stack-trace",
    "TypeError: x is undefined\n    at load (/srv/app/load.js:10:5)\n    at main (/srv/app/main.js:3:1)\n    at node:internal/main:1:1",
  ],
  [
    "stack-trace",
    "panic: runtime error: index out of range\n\ngoroutine 1 [running]:\nmain.run(0x1)\n\t/src/main.go:12 +0x1d\nmain.main()\n\t/src/main.go:5 +0x20",
  ],
  [
    "stack-trace",
    "Unhandled exception. System.InvalidOperationException: no item\n   at Shop.Cart.Pay() in /src/Cart.cs:line 40\n   at Shop.Program.Main() in /src/Program.cs:line 9",
  ],
  ["code", 'import { a } from "./a.ts";\n\nexport function add(x: number, y: number): number {\n  return a(x) + y;\n}\n'],
  [
    "code",
    "import os\n\ndef main(path):\n    for name in os.listdir(path):\n        print(name)\n\nif __name__ == '__main__':\n    main('.')",
  ],
  ["code", '#include <stdio.h>\nint main(void) {\n  printf("hi\\n");\n  return 0;\n}'],
  ["code", "SELECT id, name\nFROM users\nWHERE age > 30\nORDER BY name;"],
  ["code", "services:\n  web:\n    image: nginx:1.27\n    ports:\n      - 80:80\n  db:\n    image: postgres:17"],
  ["code", '#!/bin/sh\nset -e\nfor f in *.txt; do\n  echo "$f"\ndone\nif [ -z "$1" ]; then\n  exit 1\nfi'],
  ["code", 'package main\n\nimport "fmt"\n\nfunc main() {\n\tx := 3\n\tfmt.Println(x)\n}'],
  ["code", "[server]\nhost = 0.0.0.0\nport = 8080\n\n[client]\ntimeout = 30\nretries = 2"],
];

const TEXTS: readonly Fixture[] = [
  ["markdown", "# Title\n\nSome text with a [link](https://example.org).\n\n## Part\n\n- one\n- two\n"],
  ["markdown", "## Changes\n\n- Add `x` ([#12](https://example.org/12))\n- Fix y\n\n```sh\nnpm ci\n```\n"],
  ["markdown", "| name | price |\n| --- | --- |\n| Lamp | 20 |\n| Desk | 180 |\n"],
  ["markdown", "Title\n=====\n\nText below the title, in a paragraph.\n\nPart\n----\n\n1. first\n2. second\n"],
  [
    "markdown",
    '<p align="center"><img src="logo.svg" alt="Lamp"></p>\n<h1 align="center">Lamp</h1>\n\n## Use\n\n- one\n- two\n\n```sh\nlamp --on\n```\n',
  ],
  ["markdown", "- [ ] buy milk\n- [x] call Ada\n- [ ] send invoice\n- [ ] water plants\n"],
  ["transcript", "Ada: Shall we start?\nBob: Yes.\nAda: The release is on Friday.\nBob: I will write the notes.\nAda: Good."],
  ["transcript", "[22:44] <ada> did you deploy?\n[22:45] <bob> yes, five minutes ago\n[22:45] <ada> thanks\n=== cleo has joined"],
  ["transcript", "<ada> hello\n<bob> hi\n<ada> the build is red\n<bob> looking"],
  ["transcript", "12/03/2031, 10:11 - Ada: Lunch?\n12/03/2031, 10:12 - Bob: Sure\n12/03/2031, 10:15 - Ada: At noon then"],
  [
    "transcript",
    "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n<v Ada>Welcome to the show.\n\n00:00:05.000 --> 00:00:07.000\n<v Bob>Thank you.",
  ],
  ["transcript", "1\n00:00:01,000 --> 00:00:04,000\nWelcome.\n\n2\n00:00:05,000 --> 00:00:07,000\nThank you.\n"],
  [
    "transcript",
    "chat 2031-09-04 [22:44:46] <ada> how do refunds work?\nchat 2031-09-04 [22:45:04] <bob> see the docs\nchat 2031-09-04 [22:45:20] <ada> ok",
  ],
  [
    "transcript",
    "[00:01:02] Project Manager: We decided on two buttons.\n[00:01:09] Designer: And a display.\n[00:01:15] Project Manager: Right.",
  ],
  ["transcript", "Professor C: So , um , let 's begin .\nGrad B: OK .\nProfessor C: The parser is done .\nGrad B: Good ."],
  ["prose", "The harbour was built in 1850. It has two basins, three cranes and a lighthouse, which was restored last year."],
  ["prose", "Note: this text has one colon. Everything else is ordinary language, with commas, and with full stops."],
  ["prose", "Dear Ada,\n\nthank you for your letter. We will come on Tuesday, if the weather allows it.\n\nYours,\nBob"],
  ["prose", "東京は日本の首都です。人口は約1400万人です。観光客も多いです。"],
  ["prose", "In 2030 the firm sold 1,200 lamps, 300 desks and 75 chairs. In 2031 it sold fewer lamps, but more desks."],
  ["base64", "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="],
  ["base64", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"],
  [
    "base64",
    `-----BEGIN CERTIFICATE-----\n${repeat(4, (n) => `MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJ${n}`)}\n-----END CERTIFICATE-----`,
  ],
  ["base64", "\u0000\u0001\u0002PNG\u0003\u0004\u0005\u0006\u0007\u0000\u0000\u0001\u0002"],
];

export const FIXTURES: readonly Fixture[] = [...STRUCTURED, ...MARKUP, ...MAILS, ...LOGS, ...CODE_AND_CHANGES, ...TEXTS];
