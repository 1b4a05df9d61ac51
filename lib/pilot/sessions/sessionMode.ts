// `run_mode` of executions that are sessions: their owner is a program outside of any workflow, so no worker wakes, claims or forks them.
export const SESSION_MODE = "session";
