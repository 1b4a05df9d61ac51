// Judges a step of a CI workflow by the words of the action it uses. Downloads nothing and knows few actions by name.
import { opinion } from "./effects.ts";
import { judgeCode } from "./judgeCode.ts";
import { judgeName } from "./judgeName.ts";
import type { Opinion, StepFacts } from "./types.ts";
import { splitWords, wordSet } from "./words.ts";

const SEND = wordSet(
  "deploy deployment publish release releaser upload push comment commenter label labeler notify notification slack discord telegram teams mail email tweet stale lock close issue create update merge automerge approve assign add remove delete " +
    "request interaction greet backport tag tagger bump commit sync dispatch trigger store attest provenance heroku vercel netlify firebase cloudflare pages s3 ecs eks gke azure webapps functions appengine cloudrun lambda helm kubectl terraform pulumi ssh scp rsync ftp webhook sticky milestone project cleanup prune stars welcome codecov coveralls sarif snapshot submission changesets",
);
const VALIDATE = wordSet(
  "test tests lint linter check checker checks scan scanner scanning audit analyze analysis analyse validate validator verify codeql review reviewdog semgrep snyk trivy sonarqube sonarcloud sonar lighthouse eslint prettier super-linter superlinter megalinter " +
    "shellcheck hadolint gitleaks trufflehog scorecard dependency golangci pylint flake8 black ruff mypy rubocop phpstan psalm stylelint markdownlint yamllint actionlint commitlint typos spelling spellcheck coverage cypress playwright benchmark grype checkov tfsec kics bandit veracode fortify checkmarx msdo mobsf zap nowsecure devskim pmd detekt existence semantic conventional wait clippy cop crunch42 42crunch anchore sysdig ossar pyre frogbot njsscan apisec synopsys stackhawk",
);
const EXTRACT = wordSet(
  "checkout download fetch get read changed filter paths restore cache find list extract info metadata vars env-read secrets query compute-changed diff",
);
const TRANSFORM = wordSet(
  "build compile convert format generate changelog render minify package pack bundle jekyll sphinx mdbook doxygen typedoc javadoc image docker buildx autobuild sarif-converter to transform optimize compress zip cmake gradle maven msbuild xcodebuild configure",
);
const SETUP = wordSet("setup install login init configure-credentials toolchain rust-toolchain");

/** @param plugin for example `actions/checkout` or `docker/build-push-action@v6` */
export function judgeCi(facts: StepFacts): Opinion {
  const path = facts.plugin.split("@")[0] ?? "";
  const words = splitWords(path.slice(path.indexOf("/") + 1)).filter(
    (word) => word !== "action" && word !== "actions" && word !== "github",
  );
  if (words.includes("script") && facts.code !== "") return scriptOpinion(facts);
  if (words.includes("build") && words.includes("push")) return judgePushingBuild(facts);
  const named = judgeName(facts.name);
  const has = (set: ReadonlySet<string>): boolean => words.some((word) => set.has(word));
  if (words.includes("upload") || words.includes("deploy") || words.includes("publish")) return send(0.9);
  if (path.startsWith("actions/cache"))
    return opinion("extract", words.includes("save") ? "write" : "read", "metadata", [0.5, "it restores a cache"]);
  if (words.includes("to") && words.indexOf("to") > 0 && named?.intent !== "send") return transform();
  if (has(SETUP)) return opinion(named?.intent === "validate" ? "validate" : "transform", "none", "metadata", [0.4, "it sets up a tool"]);
  if (has(VALIDATE) && !(has(SEND) && named?.intent === "send"))
    return opinion("validate", "read", "metadata", [0.85, "the action tests, lints or scans"]);
  if (has(EXTRACT) && !has(SEND)) return opinion("extract", "read", "metadata", [0.85, "the action fetches"]);
  if (has(SEND)) return send(0.85);
  if (has(TRANSFORM)) return transform();
  if (named !== null)
    return opinion(named.intent === "conditional" ? "validate" : named.intent, named.intent === "send" ? named.effect : "none", "lexicon", [
      0.6,
      `its name says "${named.verb}"`,
    ]);
  return send(0.35);
}

function send(confidence: number): Opinion {
  return opinion("send", "destructive", "metadata", [confidence, "the action publishes or changes something"]);
}

function transform(): Opinion {
  return opinion("transform", "none", "metadata", [0.8, "the action builds or converts"]);
}

function scriptOpinion(facts: StepFacts): Opinion {
  return judgeCode(facts.code, facts.name, facts.description);
}

/** `docker/build-push-action` builds; it publishes when told to push. */
function judgePushingBuild({ params, name }: StepFacts): Opinion {
  const push = String(params["push"] ?? "").trim();
  if (push === "false" || (push === "" && !/push|publish|release/i.test(name))) return transform();
  return send(0.85);
}
