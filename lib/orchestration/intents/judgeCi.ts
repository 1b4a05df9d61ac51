// Judges a step of a CI workflow by the words of the action it uses. Downloads nothing and knows few actions by name.
import { opinion } from "./effects.ts";
import { firstOpinion, type Rule } from "./firstOpinion.ts";
import { judgeCode } from "./judgeCode.ts";
import { judgeName, type NameReading } from "./judgeName.ts";
import type { Opinion, StepFacts } from "./types.ts";
import { splitWords, wordSet } from "./words.ts";

const SEND = wordSet(
  "deploy deployment publish release releaser upload push comment commenter label labeler notify notification slack discord telegram teams mail email tweet stale lock close issue create update merge automerge approve assign add remove delete",
  "request interaction greet greetings backport tag tagger bump commit sync dispatch trigger store attest provenance heroku vercel netlify firebase cloudflare pages s3 ecs eks gke azure webapps functions appengine cloudrun lambda helm kubectl terraform pulumi ssh scp rsync ftp webhook sticky milestone project cleanup prune stars welcome codecov coveralls sarif snapshot submission changesets retention",
);
const VALIDATE = wordSet(
  "test tests testing lint linter check checker checks scan scanner scanning audit analyze analysis analyse validate validator verify codeql review reviewdog semgrep snyk trivy sonarqube sonarcloud sonar lighthouse eslint prettier super superlinter megalinter",
  "shellcheck hadolint gitleaks trufflehog scorecard dependency golangci pylint flake8 black ruff mypy rubocop phpstan psalm stylelint markdownlint yamllint actionlint commitlint typos spelling spellcheck coverage cypress playwright benchmark grype checkov tfsec kics bandit veracode fortify checkmarx msdo mobsf zap nowsecure devskim pmd detekt existence semantic conventional clippy cop crunch42 42crunch anchore sysdig ossar pyre frogbot njsscan apisec synopsys stackhawk puppet-lint kubescape kubeconform conftest",
);
const EXTRACT = wordSet(
  "checkout download fetch get read changed filter paths restore cache find list extract info metadata vars secrets query diff",
);
const TRANSFORM = wordSet(
  "build compile convert format generate changelog render minify package pack bundle jekyll sphinx mdbook doxygen typedoc javadoc image docker buildx autobuild to transform optimize compress zip cmake gradle maven msbuild xcodebuild configure",
);
const SETUP = wordSet("setup install login init toolchain credentials");

interface CiContext {
  readonly facts: StepFacts;
  readonly path: string;
  readonly words: readonly string[];
  readonly named: NameReading | null;
  readonly has: (set: ReadonlySet<string>) => boolean;
}

const SENDS = opinion("send", "destructive", "metadata", [0.85, "the action publishes or changes something"]);
const BUILDS = opinion("transform", "none", "metadata", [0.8, "the action builds or converts"]);
const FETCHES = opinion("extract", "read", "metadata", [0.85, "the action fetches"]);
const CHECKS = opinion("validate", "read", "metadata", [0.85, "the action tests, lints or scans"]);
const MAKES = wordSet("build autobuild render compile typedoc doxygen");
const GOES_OUT = wordSet("attest attestation provenance push release");
const UPLOADS = wordSet("upload deploy publish");

const RULES: readonly Rule<CiContext>[] = [
  ({ words, facts }) => (words.includes("script") && facts.code !== "" ? judgeCode(facts.code, facts.name, facts.description) : null),
  ({ words, facts }) => (words.includes("build") && words.includes("push") ? (pushes(facts) ? SENDS : BUILDS) : null),
  ({ has }) => (has(UPLOADS) ? SENDS : null),
  ({ path, words }) =>
    path.startsWith("actions/cache") ? { ...FETCHES, effect: words.includes("save") ? "write" : "read", confidence: 0.5 } : null,
  ({ has, named }) => (has(MAKES) && !has(GOES_OUT) && named?.intent !== "send" ? BUILDS : null),
  ({ words, named }) => (words.indexOf("to") > 0 && named?.intent !== "send" ? BUILDS : null),
  ({ has, named }) =>
    has(SETUP) ? opinion(named?.intent === "validate" ? "validate" : "transform", "none", "metadata", [0.4, "it sets up a tool"]) : null,
  ({ has, named }) => (has(VALIDATE) && !(has(SEND) && named?.intent === "send") ? CHECKS : null),
  ({ has }) => (has(EXTRACT) && !has(SEND) ? FETCHES : null),
  ({ has }) => (has(SEND) ? SENDS : null),
  ({ has }) => (has(TRANSFORM) ? BUILDS : null),
  ({ named }) => (named === null ? null : byName(named)),
];

/** The step uses a published action, for example `actions/checkout` or `docker/build-push-action@v6`. */
export function judgeCi(facts: StepFacts): Opinion {
  const path = facts.plugin.split("@")[0] ?? "";
  const repository = path.slice(path.indexOf("/") + 1);
  // `DevSkim` is a name as a whole, too.
  const words = [...splitWords(repository), ...repository.toLowerCase().split(/[/_.-]/)].filter(
    (word) => word !== "action" && word !== "actions" && word !== "github",
  );
  const owner = splitWords(path.split("/")[0] ?? "");
  const context: CiContext = { facts, path, words, named: judgeName(facts.name), has: (set) => words.some((word) => set.has(word)) };
  return (
    firstOpinion(RULES, context) ??
    firstOpinion(RULES, { ...context, has: (set) => owner.some((word) => set.has(word)) }) ?? {
      ...SENDS,
      confidence: 0.35,
      source: "abstained",
      reason: "what the action does is not known; taken for a change",
    }
  );
}

/** `docker/build-push-action` builds; it publishes when told to push. */
function pushes({ params, name }: StepFacts): boolean {
  const { push } = params;
  return push === undefined || push === "" ? /push|publish|release/i.test(name) : push !== false && push !== "false";
}

function byName(named: NameReading): Opinion {
  const intent = named.intent === "conditional" ? "validate" : named.intent;
  return opinion(intent, intent === "send" ? named.effect : "none", "lexicon", [0.6, `its name says "${named.verb}"`]);
}
