// Judges shell commands by what each of them does: reads, builds, tests, changes. Interprets no shell: words and a few operators only.
import type { Effect } from "../../workflow/types.ts";
import type { IntentType } from "../types.ts";
import { moreDangerous, opinion } from "./effects.ts";
import { judgeName, type NameReading } from "./judgeName.ts";
import type { Opinion } from "./types.ts";
import { wordSet } from "./words.ts";

type Kind = "read" | "write" | "destroy" | "test" | "build" | "reshape" | "neutral";

const COMMANDS: Readonly<Record<Kind, ReadonlySet<string>>> = {
  destroy: wordSet(
    "rm rmdir shred mkfs dropdb kill pkill killall shutdown reboot halt poweroff userdel sendmail mail mailx twine semantic-release",
  ),
  write: wordSet(
    "mkdir touch tee cp mv scp sftp rsync chmod chown ln dd install systemctl service crontab useradd usermod gh aws gcloud az kubectl helm terraform pulumi ansible-playbook",
    "vercel netlify firebase heroku fly flyctl wrangler serverless sls cap mysql psql mongosh redis-cli createdb migrate alembic flyway liquibase s3cmd gsutil mosquitto_pub notify-send",
    "at nohup docker-compose podman launchctl iptables ufw ssh-keyscan ssh-add ansible nginx apachectl pm2 supervisorctl",
  ),
  test: wordSet(
    "pytest jest vitest mocha ava karma cypress playwright rspec minitest phpunit pest tox nox nosetests unittest ctest eslint tslint oxlint stylelint prettier biome flake8 pylint",
    "ruff black isort mypy pyright bandit safety pip-audit rubocop brakeman bundler-audit reek standardrb golangci-lint staticcheck govet gosec shellcheck hadolint yamllint actionlint markdownlint",
    "markdownlint-cli2 pre-commit trivy snyk grype semgrep gitleaks trufflehog checkov tfsec tflint codespell phpstan phpcs psalm php-cs-fixer ktlint detekt swiftlint checkstyle spotbugs",
    "commitlint coverage nyc c8 lighthouse lhci k6 newman htmlhint vale test test-all cargo-deny clang-tidy cppcheck valgrind dialyzer credo sobelow buf validate-pyproject tsc vue-tsc",
    "knip depcheck publint attw sqlfluff ansible-lint kubeval kubeconform conftest opa nuclei nmap zap sonar-scanner codeql brakeman swiftformat",
  ),
  build: wordSet(
    "make configure autoreconf cmake ninja meson bazel gradle gradlew mvn mvnw ant msbuild xcodebuild webpack vite rollup esbuild parcel swc babel sass go cargo dotnet swift hugo jekyll mkdocs sphinx-build javac gcc g++ clang rustc stack cabal",
    "ghc mix rebar3 lein sbt zig nim flutter electron-builder ng next nuxt gatsby wasm-pack docker buildah kaniko pyinstaller nuitka protoc antlr packer composer bundle rake npx pnpm yarn npm bun python python3 node ruby php deno perl",
  ),
  reshape: wordSet(
    "ffmpeg sox convert magick mogrify pandoc wkhtmltopdf libreoffice soffice sed awk jq yq tr cut sort uniq paste join split tar zip unzip gzip gunzip 7z base64 openssl sha256sum md5sum iconv envsubst printf echo xargs exiftool pdftk qpdf gs csvkit xmllint date basename dirname",
  ),
  read: wordSet(
    "ls cat head tail less grep egrep rg find df du free top htop ps uptime whoami id uname hostname env printenv stat wc file which pwd netstat ss lsof ping dig nslookup host traceroute curl wget",
    "git journalctl dmesg vmstat iostat sensors ifconfig ip arp pdftotext tesseract sqlite3 youtube-dl yt-dlp who w last lscpu lsblk speedtest speedtest-cli nvidia-smi docker-stats getent",
  ),
  neutral: wordSet(
    "cd set export source true false sleep exit if then else fi for do done while case esac return local sudo time eval exec trap shopt ulimit wait . : [ [[ { } ( ) pip pip3 apt apt-get brew gem poetry uv conda choco yum dnf apk corepack rustup nvm asdf mise setup pipx",
  ),
};

const SUBCOMMAND: readonly (readonly [RegExp, Kind])[] = [
  [/^docker(?:-|\s+)?(?:compose\s+)?(?:run|exec)\b.*(?:test|lint|pytest|scan|check)/, "test"],
  [
    /^(?:npx|pnpx|bunx|pnpm|yarn|npm run|php artisan|rails|bin\/rails|python3? manage\.py|rake|make|just|task|bundle exec)\s+\S*(?:\s+\S+){0,3}?\s*\b(?:deploy|publish|release|migrate|db:migrate|semantic-release|upload|push)\b/,
    "write",
  ],
  [
    /^docker(?:-|\s+)compose\b.*\s(?:up|down|restart|pull|stop|start|rm|exec|kill)\b|^docker (?:run|rm|stop|start|restart|kill|exec|pull|cp|tag|login)\b/,
    "write",
  ],
  [/^(?:git push|git commit|git tag|git merge|git rebase|git add|git config|git remote|git init|git stash)\b/, "write"],
  [
    /^(?:npm|yarn|pnpm|bun) (?:publish|version|deprecate|dist-tag)\b|^cargo (?:publish|yank)|^gem push|^docker push|^docker buildx build .*--push|^mvn .*deploy|^dotnet nuget push|^poetry publish|^uv publish|^flit publish|^helm push|^goreleaser|^lerna publish|^(?:npx )?changeset publish|^python3? -m twine upload|^\.?\/?gradlew? publish/,
    "write",
  ],
  [
    /^(?:aws|gcloud|az|kubectl|helm|gh|docker|heroku|fly|flyctl|terraform|systemctl|service|pm2|vercel|crontab)\b.*?\s(?:describe[\w-]*|list[\w-]*|get[\w-]*|ls|logs|status|show|view|ps|images|inspect|top|version|stats|download|-l|is-active|output|whoami|info)\b/,
    "read",
  ],
  [/^terraform (?:fmt|validate|plan)\b|^helm (?:lint|template)\b|^kubectl (?:diff)\b|^docker scout|^docker compose config/, "test"],
  [/^terraform init\b/, "neutral"],
  [
    /^(?:terraform|kubectl|helm|aws|gcloud|az|gh|docker|heroku)\b.*?\s(?:delete[\w-]*|destroy|rm|uninstall|terminate[\w-]*|prune|rmi)\b/,
    "destroy",
  ],
  [/^git (?:clean|reset|branch -d|rm)\b/, "destroy"],
  [
    /^(?:npm|yarn|pnpm|bun)(?: run| run-script)? (?:[\w:-]*test[\w:-]*|[\w:-]*lint[\w:-]*|check[\w:-]*|typecheck|type-check|types|e2e|coverage|audit|t|tst|format:check|prettier[\w:-]*)\b/,
    "test",
  ],
  [
    /^(?:npx|pnpx|bunx|yarn dlx|pnpm exec|pnpm dlx|bundle exec|bin\/|\.\/vendor\/bin\/|vendor\/bin\/|poetry run|uv run|pipenv run|hatch run|python3? -m|uvx|pipx run|php (?:artisan )?) ?(?:\.?\/?vendor\/bin\/)?(?:test|pytest|jest|vitest|mocha|cypress|playwright (?:test)|eslint|tslint|prettier|biome|stylelint|flake8|pylint|ruff|black|isort|mypy|pyright|bandit|unittest|tox|nox|rspec|rubocop|brakeman|bundler-audit|importmap audit|rake test|rails test|phpunit|pest|phpstan|phpcs|psalm|pint|coverage|pre_commit|pre-commit|tsc|knip|lhci|markdownlint\S*|commitlint|codespell|doctest|pip_audit|yamllint|semgrep|checkov|xo|standard|size-limit|publint)\b/,
    "test",
  ],
  [
    /^bin\/(?:rails test|rails db:test:prepare test|rspec|rubocop|brakeman|bundler-audit|importmap audit|lint|test)\b|^rails test|^rake (?:test|spec)\b/,
    "test",
  ],
  [
    /^(?:go|cargo|dotnet|swift|mix|lein|sbt|gradle|\.?\/?gradlew|mvn|\.?\/?mvnw|make|bazel|flutter|deno|stack|cabal|zig|xcodebuild|dart|forge|ant|composer|nx|turbo|rake|ctest|meson|tox|poe|just|task|moon|node|bun|rebar3|elixir|ember|ng|raco|dub)\b(?:\s+\S+)*?\s(?:--)?(?:[\w.:-]*test|[\w.:-]*check|tests|vet|clippy|fmt --check|fmt -- --check|fmt --all -- --check|lint|check|verify|analyze|spec|checks|coverage|doctest|audit|validate|testdox|deny|style|eunit)(?:\b|:)/,
    "test",
  ],
  [
    /^(?:npm|yarn|pnpm|bun|composer|bundle|pip3?|poetry|go|cargo|dotnet|mix|apt-get|apt|brew|gem|flutter|deno|uv|conda|dart|swift|stack|cabal|opam|luarocks|pod|carthage|lerna) (?:ci|install|i|add|update|upgrade|restore|sync|fetch|mod|get|deps\.get|bootstrap|tool|env|config|pub|lock|cache|self-update|global|login|setup|create|init|resolve|download|require)\b/,
    "neutral",
  ],
  [/^(?:curl|wget)\b.*(?:\s-x\s*(?:post|put|patch)|--request[ =](?:post|put|patch)|\s-d\s|\s--data|\s-f\s|--upload-file|\s-t\s)/, "write"],
  [/^curl\b.*(?:-x\s*delete|--request[ =]delete)/, "destroy"],
  [
    /^(?:psql|mysql|sqlite3|mongosh|redis-cli|sqlcmd)\b.*\b(?:select|show|explain|get|keys|ping|info)\b(?!.*\b(?:insert|update|delete|drop|alter|create|set)\b)/,
    "read",
  ],
  [/^find\b.*(?:-delete|-exec\s+rm)/, "destroy"],
  [/^sed\b.*\s-i|^perl\b.*\s-p?i/, "reshape"],
  [/^(?:test|\[)\s/, "neutral"],
  [
    /^sha\d*sum\b.*(?:-c|--check)|^gpg\b.*--verify|^cosign verify|^openssl verify|^twine check|^python3? -m twine check|^docker run .*(?:test|lint|pytest|scan)/,
    "test",
  ],
  [/^gh (?:pr|issue|release|api|workflow|run|repo|gist|secret)\b/, "write"],
];

/** A value for later steps of the same job. */
const SETS_OUTPUT = />>\s*"?\$\{?(?:GITHUB_(?:OUTPUT|ENV|PATH)|CI_ENV)|::set-output|##vso\[task\.setvariable/;
const EFFECT_OF: Readonly<Record<Kind, Effect>> = {
  read: "read",
  write: "write",
  destroy: "destructive",
  test: "none",
  build: "none",
  reshape: "none",
  neutral: "none",
};

/** @param name of the step: says what a build is for ("Test Docker build") */
export function judgeShell(command: string, name: string): Opinion {
  const kinds = splitCommands(command).map(kindOf);
  let effect: Effect = "none";
  for (const kind of kinds) effect = moreDangerous(effect, EFFECT_OF[kind]);
  const named = judgeName(name);
  const intent =
    SETS_OUTPUT.test(command) && !kinds.some((kind) => kind !== "read" && kind !== "reshape" && kind !== "neutral")
      ? "transform"
      : intentOf(kinds, named);
  const known = kinds.some((kind) => kind !== "neutral");
  if (!known) return opinion(intent, kinds.length === 0 ? "write" : effect, "request", [0.5, "its commands are not known"]);
  return opinion(intent, effect, "request", [0.85, `its commands ${WHAT[intent]}`]);
}

const WHAT: Readonly<Record<IntentType, string>> = {
  extract: "read",
  send: "change something",
  transform: "build or convert",
  validate: "test or check",
  summarize: "report",
  generate: "produce content",
  conditional: "decide",
};

interface ShellContext {
  readonly has: (kind: Kind) => boolean;
  /** What the step's name says. */
  readonly named: IntentType | null;
  /** The name says that something goes out, as opposed to merely changes. */
  readonly publishes: boolean;
}

const INTENT_RULES: readonly ((context: ShellContext) => IntentType | null)[] = [
  ({ has, named }) => (named === "validate" && (has("test") || has("build")) ? "validate" : null),
  // "Check disk": asking a machine is a read, the verdict is taken later.
  ({ has, named }) => (named === "validate" && has("read") && !has("write") && !has("destroy") ? "extract" : null),
  ({ has, named }) => (has("write") ? (has("test") && named !== "send" ? "validate" : "send") : null),
  ({ has, named }) => (has("test") ? (named === "transform" && has("build") ? "transform" : "validate") : null),
  ({ has }) => (has("destroy") && !has("build") && !has("reshape") ? "send" : null),
  ({ has, publishes }) => (has("build") ? (publishes ? "send" : "transform") : null),
  // `df | awk` reads and prints; `echo … >> $GITHUB_ENV` computes a value.
  ({ has, named }) => (has("read") ? (named === "transform" || named === "generate" ? "transform" : "extract") : null),
  ({ has }) => (has("reshape") ? "transform" : null),
];

function intentOf(kinds: readonly Kind[], reading: NameReading | null): IntentType {
  const named = reading?.intent ?? null;
  const context: ShellContext = {
    has: (kind) => kinds.includes(kind),
    named,
    publishes: named === "send" && reading?.effect === "destructive",
  };
  for (const rule of INTENT_RULES) {
    const intent = rule(context);
    if (intent !== null) return intent;
  }
  return named ?? "transform";
}

function splitCommands(command: string): readonly string[] {
  return command
    .replace(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .flatMap((line) => line.split(/&&|\|\||;|\||\$\(|`/))
    .map((part) => part.trim())
    .filter((part) => part !== "" && part !== "\\")
    .slice(0, 60);
}

function kindOf(part: string): Kind {
  const text = stripPrefix(part.toLowerCase()).slice(0, 300);
  for (const [pattern, kind] of SUBCOMMAND) if (pattern.test(text)) return kind;
  const word = (/^[^\s]+/.exec(text)?.[0] ?? "").replace(/^["'=]+|["']+$/g, "");
  const base = word.slice(word.lastIndexOf("/") + 1);
  for (const kind of ["destroy", "test", "read", "reshape", "neutral", "write", "build"] as const)
    if (COMMANDS[kind].has(base)) return kind;
  if (/test|lint|check|spec|audit|scan|verify|validate/.test(base)) return "test";
  if (/deploy|publish|release|push|upload|migrat|notify|restart/.test(base)) return "write";
  if (/build|compile|generate|bundle/.test(base)) return "build";
  return "neutral";
}

/** `sudo`, `VAR=value` and the like before the command itself. */
function stripPrefix(text: string): string {
  let rest = text;
  for (let round = 0; round < 4; round += 1) {
    const found = /^(?:sudo(?:\s+-\w+)?|time|nohup|env|xvfb-run(?:\s+-\w+)?|cross-env|exec|then|do|else|if|!|\w+=\S*)\s+/.exec(rest);
    if (found === null) break;
    rest = rest.slice(found[0].length);
  }
  return rest;
}
