// A question made by program: a content, the task that its view is made for, and what must then be readable. Types only.

export interface Case {
  /** Package or file that it comes from: what is fitted and what is tested never share one. */
  readonly source: string;
  readonly content: string;
  /** Absent: the view is made without a task. */
  readonly task?: string;
  /** Each question by its answers; every string of one answer must be found. */
  readonly answers: readonly (readonly string[])[];
  /** For tables of people. */
  readonly family: string;
}
