// `completion bash|zsh|fish`: a script for the shell, made from the commands themselves.
import type { Command } from "commander";
import type { Action, Cli } from "../Cli.ts";
import { parseChoice } from "../input/parseOptions.ts";

export function define(command: Command, action: Action): void {
  command
    .argument("<shell>", "bash, zsh or fish")
    .addHelpText(
      "after",
      '\nbash:  eval "$(neuronforge completion bash)"\nzsh:   eval "$(neuronforge completion zsh)"\nfish:  neuronforge completion fish | source',
    )
    .action(
      action(async (cli: Cli, shell: string) => {
        const chosen = parseChoice(shell, "shell", ["bash", "zsh", "fish"]);
        const root = command.parent ?? command;
        const words = collectWords(root);
        cli.output.data(
          chosen === "fish"
            ? fishScript(words)
            : chosen === "zsh"
              ? `autoload -U +X bashcompinit && bashcompinit\n${bashScript(words)}`
              : bashScript(words),
        );
      }),
    );
}

/** Words that may follow a command, by the command's words: `"executions"` → `ls show …`. */
type Words = ReadonlyMap<string, readonly string[]>;

function collectWords(root: Command): Words {
  const globals = optionsOf(root);
  const words = new Map<string, readonly string[]>();
  const visit = (command: Command, path: string): void => {
    words.set(path, [...new Set([...command.commands.map((child) => child.name()), ...optionsOf(command), ...globals])]);
    for (const child of command.commands) visit(child, path === "" ? child.name() : `${path} ${child.name()}`);
  };
  visit(root, "");
  return words;
}

function optionsOf(command: Command): readonly string[] {
  return [...command.options.map(({ long, short }) => long ?? short ?? ""), "--help"];
}

/** Files complete where no known word fits: workflows are files. */
function bashScript(words: Words): string {
  const cases = [...words].map(([path, next]) => `    "${path}") words="${next.join(" ")}" ;;`).join("\n");
  return `_neuronforge() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path="" word words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    case "$word" in -*) continue ;; esac
    case " ${[...words.keys()]
      .filter((path) => path !== "")
      .map((path) => path.replaceAll(" ", "/"))
      .join(" ")} " in
      *" \${path:+$path/}$word "*) path="\${path:+$path/}$word" ;;
    esac
  done
  case "\${path//\\// }" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "$current")); fi
}
complete -o filenames -F _neuronforge neuronforge`;
}

function fishScript(words: Words): string {
  const lines: string[] = [];
  for (const [path, next] of words) {
    const given = path.split(" ").filter((word) => word !== "");
    const names = next.filter((word) => !word.startsWith("-"));
    const condition =
      given.length === 0
        ? "__fish_use_subcommand"
        : [
            ...given.map((word) => `__fish_seen_subcommand_from ${word}`),
            ...(names.length === 0 ? [] : [`not __fish_seen_subcommand_from ${names.join(" ")}`]),
          ].join("; and ");
    if (names.length > 0) lines.push(`complete -c neuronforge -n '${condition}' -f -a '${names.join(" ")}'`);
    for (const option of next.filter((word) => word.startsWith("--")))
      lines.push(`complete -c neuronforge -n '${condition}' -l ${option.slice(2)}`);
  }
  return lines.join("\n");
}
