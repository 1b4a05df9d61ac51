// `approvals ls|approve|reject`.
import type { Command } from "commander";
import type { ApprovalReport } from "../../systemApi.ts";
import { formatWhen } from "../text/amounts.ts";
import type { Action, Cli } from "../Cli.ts";
import { resolveApprovalId, resolveExecutionId, shortId } from "../input/resolveId.ts";
import type { Column } from "../text/table.ts";

interface AnswerOptions {
  readonly as?: string;
  readonly comment?: string;
}

export function define(command: Command, action: Action): void {
  command
    .command("ls")
    .description("what waits for a person")
    .option("--all", "answered and expired ones too")
    .option("--execution <id>", "of this execution only")
    .action(action(list));
  for (const decision of ["approve", "reject"] as const) {
    command
      .command(decision)
      .description(decision === "approve" ? "let the execution go on" : "refuse; the step fails")
      .argument("<id>", "an approval's id, or the first characters of it")
      .option("--as <who>", "the approver (default: your user name)")
      .option("--comment <text>", "the reason; some approvals require it")
      .action(action(async (cli, id: string, options: AnswerOptions) => answer(cli, id, options, decision)));
  }
}

async function list(cli: Cli, { all, execution }: { readonly all?: boolean; readonly execution?: string }): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const executionId = execution === undefined ? undefined : await resolveExecutionId(api, execution);
    const approvals = await api.listApprovals({ ...(executionId === undefined ? {} : { executionId }), ...(all === true ? { all } : {}) });
    if (cli.output.isJson) return cli.output.json(approvals);
    cli.output.table(approvals, columns(cli.clock.nowMs()), "nothing waits for a person");
  });
}

function columns(nowMs: number): readonly Column<ApprovalReport>[] {
  return [
    { title: "ID", value: ({ id }) => shortId(id) },
    { title: "TITLE", value: ({ title }) => title, shrinkTo: 14 },
    { title: "STATUS", value: ({ status }) => status },
    { title: "APPROVERS", value: describeApprovers, shrinkTo: 10 },
    { title: "EXPIRES", value: ({ expiresAt }) => formatWhen(expiresAt, nowMs) },
    { title: "EXECUTION", value: ({ executionId }) => shortId(executionId) },
  ];
}

function describeApprovers({ approvers, approvalType, answers }: ApprovalReport): string {
  const given = answers.length === 0 ? "" : `, ${answers.map(({ approver, decision }) => `${approver}: ${decision}`).join(", ")}`;
  return `${approvalType} of ${approvers.join(", ")}${given}`;
}

async function answer(cli: Cli, id: string, options: AnswerOptions, decision: "approve" | "reject"): Promise<void> {
  await cli.withSystem(async ({ api }) => {
    const approval = await api.answerApproval({
      id: await resolveApprovalId(api, id),
      approver: options.as ?? cli.actor,
      decision,
      ...(options.comment === undefined ? {} : { comment: options.comment }),
    });
    if (cli.output.isJson) return cli.output.json(approval);
    const { title, answers, approvers, executionId } = approval;
    cli.output.data(`${title}: ${decision === "approve" ? "approved" : "rejected"} by ${options.as ?? cli.actor}`);
    cli.output.talk(
      `${answers.length} of ${approvers.length} answered; go on with\n  ${cli.commandLine(`executions resume ${executionId}`)}`,
    );
  });
}
