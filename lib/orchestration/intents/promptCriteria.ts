// Words of prompts that turn what stands beside them: criteria, defects, negations, words before an imperative. Tables only.

/** Criteria that make a judgement a check: correct or not, allowed or not, complete or not. */
export const CRITERION_WORDS: ReadonlySet<string> = new Set(
  (
    "correct correctly correctness accurate accuracy accurately valid validity compliant compliance complies comply complete completeness guidelines guideline policy policies violates violation violations errors error mistakes grammar grammatical spelling " +
    "quality bugs bug vulnerabilities secure security safe unsafe harmful toxic appropriate inappropriate inconsistent consistency consistent inconsistencies hallucinated hallucination factual factually plausible mandatory grounded faithful authentic genuine " +
    "criteria requirements requirement rules standards standard rubric checklist missing discrepancy discrepancies mismatch duplicates fraud fraudulent legitimate regulations gdpr jailbreak injection plagiarism consent matches defects deviations " +
    "korrekt richtig gultig vollstandig richtlinien fehler rechtschreibung grammatik konform regeln vorgaben zulassig " +
    "correcte valide complet conforme conformite erreurs orthographe grammaire regles exactes " +
    "correcto correcta valido valida completo cumple errores ortografia reglas normas " +
    "correto cumpre erros regras " +
    "corretto errori regole"
  ).split(" "),
);

/** What is found is a defect. */
export const DEFECT_WORDS: ReadonlySet<string> = new Set(
  (
    "invalid incorrect wrong missing broken duplicate duplicated inconsistent false untrue problematic suspicious malformed impossible mismatched forbidden prohibited outdated misleading biased discriminatory unsupported " +
    "falsche fehlende ungultige invalides manquantes incorrectes invalidos faltantes incorrectos ausentes mancanti errati"
  ).split(" "),
);

/** Words before a verb that leave it in the imperative. */
export const SKIP_WORDS: ReadonlySet<string> = new Set(
  (
    "please you your must should will would need needs have to can could are is the a an then next finally first second third step now and also carefully thoroughly simply just always only task job goal role objective mission purpose responsibility responsible for of " +
    "i want we our my us it be being by system user human assistant developer instructions instruction rules output input based on here this that these kindly briefly immediately if necessary as expert world-class professional ll ensure who whose which so in order help " +
    "bitte du sie sollst musst deine aufgabe ist es zu und dann der die das ein eine ihre " +
    "tu vous votre ta tache est de dois devez le la les un une et puis ensuite veuillez svp " +
    " su tarea es debes debe por favor el los las una y luego despues de " +
    "sua tarefa e deve voce o os as um uma depois " +
    "il tuo compito devi lo gli poi per "
  ).split(" "),
);

export const NEGATIONS: ReadonlySet<string> = new Set(
  "not don dont never avoid without no nicht kein keine nie niemals vermeide pas jamais sans aucun evite nunca sin ninguna evita nao sem non senza mai refrain exclude omit ignore skip".split(
    " ",
  ),
);
