// Every error code of the product, in one place. docs/reference/errors.md is generated from it; a test holds the two together.

/** When it makes sense to try again: `never`, `later` (a backoff of the caller's choice) or after a stated time in milliseconds. */
export type Retry = "never" | "later" | { readonly afterMs: number };

/** Process exit codes of the CLI (DESIGN: 0 ok, 1 failed, 2 usage, 3 config or auth, 4 not found, 5 budget, 6 conflict, 7 upstream, 8 waiting, 9 uncertain). */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 130;

export interface ErrorEntry {
  readonly exitCode: ExitCode;
  readonly httpStatus: number;
  readonly retry: Retry;
  readonly meaning: string;
  readonly hint: string;
}

function entry(exitCode: ExitCode, httpStatus: number, meaning: string, hint: string): ErrorEntry {
  return { exitCode, httpStatus, meaning, hint, retry: "never" };
}

/** What may go well at another time. */
function passing(error: ErrorEntry): ErrorEntry {
  return { ...error, retry: "later" };
}

export const ERROR_CATALOGUE = {
  // Usage and input
  USAGE: entry(2, 400, "The command line or a call's arguments are wrong.", "run the command with --help"),
  INPUT_INVALID: entry(
    2,
    422,
    "An execution's inputs do not fit what the workflow declares.",
    "pass the missing input with --input name=value",
  ),
  FILE_UNREADABLE: entry(2, 422, "A file could not be read.", "check that the path exists and may be read"),
  SYNTAX_INVALID: entry(2, 422, "A file is not valid YAML or JSON.", "mend the syntax at the stated line"),
  WORKFLOW_INVALID: entry(2, 422, "A workflow does not fit the step vocabulary.", "run `neuronforge validate FILE` and mend each line"),
  SECRET_IN_WORKFLOW: entry(
    2,
    422,
    "A workflow file contains something that looks like a secret.",
    "store it with `neuronforge connections set NAME --from-env VAR` and name the connection",
  ),
  TEMPLATE_INVALID: entry(2, 422, "A {{template}} cannot be parsed or resolved.", "check the path against the step's output"),
  CONDITION_INVALID: entry(2, 422, "A condition is malformed.", "docs/reference/conditions.md shows every form of a condition"),
  TRANSFORM_INVALID: entry(
    2,
    422,
    "A transform's operation or configuration is wrong.",
    "docs/reference/transforms.md lists them with their settings",
  ),
  // Configuration and access
  CONFIG_INVALID: entry(3, 500, "The configuration has errors; all are listed.", "mend each listed key"),
  CONNECTION_MISSING: entry(
    3,
    424,
    "A plugin or provider needs a connection that is not stored, or a key that is not set.",
    "run `neuronforge connections set NAME --from-env VAR`",
  ),
  CONNECTION_INVALID: entry(
    3,
    424,
    "A stored connection does not hold what its plugin or server needs.",
    "store it again with `neuronforge connections set NAME --from-env VAR`",
  ),
  SECRET_KEY_MISSING: entry(
    3,
    500,
    "The key that encrypts stored secrets is missing or cannot open them.",
    "set NEURONFORGE_SECRET_KEY or restore the key file",
  ),
  MODEL_UNKNOWN: entry(3, 422, "No configured provider serves the model.", "configure the provider, or use `model: offline`"),
  PATH_FORBIDDEN: entry(3, 403, "A path leaves the folder that file actions may use.", "use a path below the files root"),
  ADDRESS_FORBIDDEN: entry(
    3,
    403,
    "A URL points to a private, loopback or link-local address.",
    "the operator may allow it with `allowedPrivateHosts`",
  ),
  // Not found, conflict
  NOT_FOUND: entry(4, 404, "There is no such execution, agent, approval or account.", "list what exists with `ls`"),
  CONFLICT: entry(6, 409, "Something else got there first, or the state does not allow it.", "look at the current state and decide again"),
  ALREADY_ANSWERED: entry(
    6,
    409,
    "The approval or signal was answered before; the first answer stands.",
    "see the recorded answer in the details",
  ),
  FOLDER_LOCKED: entry(
    6,
    409,
    "Another process owns the data folder and does not answer.",
    "stop that process, or use another --data folder",
  ),
  // Steps
  STEP_FAILED: entry(1, 500, "A step failed.", "see the step's error in `executions show`"),
  STEP_TIMEOUT: passing(entry(1, 504, "A step took longer than its time-out.", "raise `timeoutMs` on the step")),
  STEP_KILLS_WORKER: entry(
    1,
    500,
    "A step ended its worker process five times in a row and is not tried again.",
    "run the step alone and look at its memory",
  ),
  EXECUTION_TIMEOUT: entry(1, 504, "An execution passed its overall time limit.", "raise `limits.timeoutMs`"),
  SESSION_LOST: entry(
    1,
    409,
    "The process of a governed session went silent during a model call; the call is booked at its worst case.",
    "correct it with the provider's export: `budgets reconcile`",
  ),
  EXECUTION_CANCELLED: entry(1, 409, "The execution was cancelled.", "start it again if that was not meant"),
  CONDITION_FAILED: entry(1, 422, "A condition could not be evaluated on the data at hand.", "compare the operand types with the data"),
  TRANSFORM_FAILED: entry(1, 422, "A transform could not be applied to its input.", "compare the input with what the operation expects"),
  VALIDATION_FAILED: entry(1, 422, "Data did not pass a validation step; every defect is listed.", "mend the data or the rules"),
  OUTPUT_INVALID: entry(1, 502, "An output does not fit its declared schema.", "compare the output with `output_schema`"),
  OUTPUT_TOO_LARGE: entry(1, 413, "An output is larger than the limit.", "ask for less, or raise `maxOutputBytes`"),
  OUTPUT_UNSTORABLE: entry(1, 422, "An output cannot be stored as JSON.", "return plain JSON values"),
  VALUE_REFUSED: entry(1, 422, "The database refused a value.", "see the step named in the details"),
  RESULT_EMPTY: entry(1, 422, "A step marked `_on_empty: throw` yielded nothing.", "check the step's input"),
  APPROVAL_REJECTED: entry(1, 409, "People rejected the approval, or it ran out of time.", "see the comments with `approvals ls`"),
  EFFECT_UNCERTAIN: entry(
    9,
    409,
    "An outside effect may or may not have happened; it is not repeated silently.",
    "look at the outside system, then `executions resume ID --resolve done|retry`",
  ),
  LOOP_LIMIT: entry(1, 422, "A loop reached its stated bound.", "raise maxIterations"),
  // Handlers
  HANDLER_INVALID: entry(3, 500, "A handler is malformed, hangs, or gives what is no output.", "mend the handler named in the message"),
  HANDLER_UNAVAILABLE: entry(
    1,
    503,
    "No handler can perform the step, and the direct path must not.",
    "register or enable the handler, then resume",
  ),
  SCHEMA_INVALID: entry(
    2,
    422,
    "A schema does not compile, refers to itself without end, or to another document.",
    "mend the schema at the stated place",
  ),
  FACTS_MISSING: entry(1, 422, "A step is to write about facts that its data do not hold.", "bring the listed facts, or require fewer"),
  DOCUMENT_UNREADABLE: entry(1, 422, "A document is damaged, encrypted or larger than can be read.", "open it by hand and save it anew"),
  OCR_UNAVAILABLE: entry(
    3,
    424,
    "A document has no text layer, and no plugin recognises text in images.",
    "register a plugin with an action `recognize_text`",
  ),
  SEND_INCOMPLETE: entry(1, 502, "Some of what a step sends was refused; which went out is in the details.", "send what is left by itself"),
  // Plugins
  PLUGIN_UNKNOWN: entry(2, 422, "No plugin of that name is registered.", "list plugins with `plugins ls`"),
  PLUGIN_ACTION_UNKNOWN: entry(2, 422, "The plugin has no such action.", "list its actions with `plugins ls NAME`"),
  PLUGIN_INVALID: entry(3, 500, "A plugin definition is malformed or clashes with another.", "mend the definition named in the details"),
  PARAMS_INVALID: entry(2, 422, "Parameters do not fit the action's schema.", "see each listed field"),
  PLUGIN_FAILED: entry(1, 502, "A plugin action failed.", "see the plugin's message"),
  RATE_LIMITED: passing(entry(7, 429, "The other side asked to slow down.", "wait, or lower the concurrency")),
  UPSTREAM_UNAVAILABLE: passing(entry(7, 503, "The other side cannot be reached or is out of order.", "try again later")),
  UPSTREAM_REJECTED: entry(1, 502, "The other side refused the request.", "see the status and message in the details"),
  // Models and money
  BUDGET_EXCEEDED: entry(
    5,
    402,
    "A call's worst case does not fit a limit that a person set.",
    "raise it with `budgets topup`, or finish cheap",
  ),
  PRICE_UNKNOWN: entry(5, 402, "A money limit is set, but the model's price is unknown.", "add a price override, or limit by tokens"),
  CONTEXT_OVERFLOW: entry(
    1,
    413,
    "A request is larger than the model's context window.",
    "shorten the input or use a model with a larger window",
  ),
  MODEL_FAILED: entry(7, 502, "A model call failed.", "see the provider's message"),
  MODEL_REFUSED: entry(1, 502, "The model refused to answer.", "change the prompt"),
  MODEL_OUTPUT_INVALID: entry(
    1,
    502,
    "The model's answer does not fit the schema, after one repair.",
    "simplify the schema or use a more capable model",
  ),
  SCRIPT_EXHAUSTED: entry(1, 500, "A scripted model got a call that its script does not foresee.", "add the answer to the script"),
  // Storage
  DATABASE_UNAVAILABLE: passing(entry(7, 503, "The database cannot be reached.", "check DATABASE_URL and that the server runs")),
  DISK_FULL: passing(entry(7, 507, "The disk is full; nothing was half-written.", "free some space and resume")),
  MIGRATION_FAILED: entry(3, 500, "A migration failed and was rolled back.", "see the statement in the details"),
  FENCED: entry(6, 409, "Another worker has taken the execution over.", "nothing to do: the new owner goes on"),
  INTERNAL: entry(1, 500, "A fault of ours.", "please report it with the execution id"),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;
