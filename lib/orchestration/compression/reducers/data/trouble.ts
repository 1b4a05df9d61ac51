// Words in which data says that something went wrong: in names of fields and in short values. It reads no sentence.

const VALUE =
  /(?:^|[^a-z])(?:error|fail|fatal|critical|declin|denied|reject|refus|timeout|timed out|overdue|past due|cancel|abort|crash|exception|invalid|blocked|disputed|fraud|offline|down$|unhealthy|expired|suspend)/i;
const NAME = /error|reason|warning|fail|exception|message|alert|fault/i;
const SURE_NAME = /error|fail|exception|fault/i;
const LONGEST_VALUE = 200;

/** A short value that names an error or a bad state. */
export function isTroubleValue(value: string): boolean {
  return value.length <= LONGEST_VALUE && VALUE.test(value);
}

/** A field in which errors are explained; it may hold anything else as well. */
export function isTroubleName(name: string): boolean {
  return NAME.test(name);
}

/** A field that holds nothing unless something went wrong. */
export function isErrorName(name: string): boolean {
  return SURE_NAME.test(name);
}
