// The lines of a log as a terminal would show them: no escape sequences, of a progress bar only its last state. Only blank lines are dropped.

const ESCAPES = new RegExp(
  String.raw`\u001B(?:\[[0-9;:?]{0,32}[A-Za-z]|\][^\u0007\u001B]{0,256}(?:\u0007|\u001B\\)?|[()][A-Z0-9]|[=>78cDEHM])`,
  "g",
);

/** What a line that was redrawn by carriage returns finally shows. */
function finalState(line: string): string {
  const states = line.split("\r").filter((state) => state.trim() !== "");
  return states.at(-1) ?? "";
}

export function visibleLines(content: string): string[] {
  const plain = content.includes("\u001B") ? content.replaceAll(ESCAPES, "") : content;
  return plain
    .trimEnd()
    .split("\n")
    .map((line) => (line.includes("\r") ? finalState(line) : line).trimEnd())
    .filter((line) => line !== "");
}
