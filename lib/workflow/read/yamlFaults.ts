// What the YAML reader's faults mean and what to do about them, in words for somebody who does not know the grammar of YAML.
import type { YAMLError } from "yaml";

interface Explanation {
  readonly message: string;
  readonly expected: string;
  readonly hint: string;
}

/** By what the message begins with; the first that fits. */
const BY_MESSAGE: readonly (readonly [RegExp, Explanation])[] = [
  [
    /^Flow sequence in block collection|^Expected flow sequence to end/,
    { message: "a list in brackets is not closed", expected: "]", hint: "close the list with ] and indent its lines deeper than its key" },
  ],
  [
    /^Flow map in block collection|^Expected flow map to end/,
    { message: "a map in braces is not closed", expected: "}", hint: "close the map with } and indent its lines deeper than its key" },
  ],
  [
    /^Missing closing ["']quote/,
    {
      message: "a quoted text is not closed",
      expected: "a closing quote",
      hint: "close the quote; inside \"…\" write a quote as \\\", inside '…' as ''",
    },
  ],
  [
    /^Nested mappings are not allowed in compact mappings/,
    {
      message: "a text without quotes holds a colon and a space",
      expected: "one value",
      hint: "put the whole text in quotes, or begin it on the next line after `|`",
    },
  ],
  [
    /^Map keys must be unique/,
    {
      message: "the same key is given twice",
      expected: "each key once",
      hint: "keep one of the two; a second step needs a `-` of its own before its first key",
    },
  ],
  [
    /^Unresolved tag: /,
    { message: "a tag is not allowed", expected: "plain YAML without tags", hint: "take the tag, which begins with `!`, out" },
  ],
  [
    /^Source contains multiple documents/,
    {
      message: "the file holds multiple documents",
      expected: "one workflow",
      hint: "take the line --- out, or put each workflow into a file of its own",
    },
  ],
  [
    /^Plain value cannot start with/,
    {
      message: "a text without quotes begins with a sign that YAML reserves",
      expected: "a text in quotes",
      hint: "put the whole text in quotes",
    },
  ],
  [
    /^All (?:mapping|sequence) items must start at the same column|^Sequence item without - indicator/,
    {
      message: "the line is indented differently from its neighbours",
      expected: "the same number of spaces",
      hint: "indent it like the lines beside it",
    },
  ],
  [
    /^Implicit (?:map )?keys need to be (?:on a single line|followed by map values)|^A block sequence may not be used as an implicit map key/,
    {
      message: "a key is not followed by a colon and a value",
      expected: "key: value",
      hint: "write `key: value`; a text of several lines begins after `key: |`",
    },
  ],
  [
    /^Invalid escape sequence/,
    {
      message: "a backslash in double quotes begins no known escape",
      expected: "an escape such as \\n, or two backslashes",
      hint: "write the backslash twice, or use single quotes",
    },
  ],
  [
    /^Aliased anchor not found|^Unresolved alias/,
    {
      message: "an alias names no anchor before it",
      expected: "a text in quotes, or an anchor before the alias",
      hint: "put a text that begins with * in quotes",
    },
  ],
];

/** For what is rarer, the reader's own words, and what helps with that kind of fault. */
const BY_CODE: Readonly<Partial<Record<YAMLError["code"], readonly [expected: string, hint: string]>>> = {
  BAD_INDENT: ["lines of one level under each other", "indent with the same number of spaces on every line of a level"],
  TAB_AS_INDENT: ["spaces", "indent with spaces instead of tabs"],
  BLOCK_IN_FLOW: ["values with commas between them", "inside [ ] and { } put commas between entries and no leading dashes"],
  MISSING_CHAR: ["a comma, a colon or a space", "put a comma between two entries and a space after each colon"],
  BAD_ALIAS: ["a text in quotes", "put a text that begins with * or & in quotes"],
  KEY_OVER_1024_CHARS: ["a shorter key", "put a colon after the key, or shorten it"],
};

const OTHERWISE = ["valid YAML", "put texts with signs such as : # { [ * & in quotes, and check the indentation"] as const;

/** What is wrong, without a word of the text. */
export function explainYamlFault({ code, message }: YAMLError): Explanation {
  const known = BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known;
  const [expected, hint] = BY_CODE[code] ?? OTHERWISE;
  return { message: message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase()), expected, hint };
}
