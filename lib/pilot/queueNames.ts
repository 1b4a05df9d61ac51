// Where pg-boss keeps the wake-ups: its schema and our queue in it.
export const QUEUE_SCHEMA = "pgboss";
export const QUEUE_NAME = "executions";
