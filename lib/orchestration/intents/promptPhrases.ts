// Phrases of prompts that say more than their words: each is one linear search in folded text.
import type { IntentType } from "../types.ts";
import { noScores, type IntentScores } from "./scores.ts";

const FIRST_WORD = /^[a-z']+/;

const PHRASES: readonly (readonly [IntentType, number, string])[] = [
  [
    "conditional",
    6,
    `who should act next|worker to act next|select the next|which agent should|next speaker|route the request to|
    route the user to|respond with the worker|decide which tool branch|choose the next node`,
  ],
  ["conditional", 3, `between the following workers|managing a conversation between|hand off to|transfer to the`],
  [
    "summarize",
    3,
    `one word|single word|un seul mot|ein wort|einem wort|una palabra|uma palavra|una sola parola|only with the|the intent only|concise summary|short summary|brief summary|summary of|key points|main points|key takeaways|action items|
    meeting minutes|in bullet points|executive summary of|one of the following categories|into one of|
    following categories|scale of 1|from 1 to 10|from 0 to 100|between 0 and 1|score from|assign a score|assign a rating|
    rating from|positive, negative|positive/negative|sentiment analysis|yes or no|yes/no|describe this image|
    describe the image|describe what you see|analyze this image|what is in this image|tl;dr|fasse zusammen|kurz zusammen|
    in stichpunkten|eine der kategorien|eine der folgenden kategorien|en una frase|puntos clave|points cles|
    pontos principais|punti chiave|una de las siguientes categorias|l'une des categories|una delle seguenti categorie|
    ja oder nein|oui ou non`,
  ],
  [
    "summarize",
    1.5,
    `true or false|true if|return true|only the category|only the label|relevance score|most relevant|top 3|top 5|
    trending topics|word limit|words or less|words or fewer|determine whether|decide whether|decide if|determine if|
    does this`,
  ],
  [
    "validate",
    3.5,
    `fact-check|fact check|is valid|are valid|is correct|are correct|is accurate|pass or fail|pass/fail|
    meets the criteria|meets the requirements|complies with|violates|against the following criteria|against the criteria|
    against the rubric|quality check|quality assurance|code review|review the code|review this code|grammar and spelling|
    spelling and grammar|constructive criticism|prompt injection|content policy|policy violation|is safe|find errors|
    find bugs|supported by the|grounded in the|hallucination|hallucinations|verify that|verify whether|check whether|
    check if|check that|check for|identity verification|verify the identity|auf fehler|auf richtigkeit|
    auf vollstandigkeit|ist korrekt|est correct|sont conformes|es correcto|cumple con|esta correto|e corretto|
    rechtschreibung und grammatik`,
  ],
  [
    "generate",
    3,
    `answer the user|answer user|answer the question|answer questions|answers questions|help the user|helping the user|
    assist the user|assist users|help users|helpful assistant|virtual assistant|personal assistant|
    customer support agent|customer service|chatbot|ai assistant|write a|write an|write the|draft a|draft an|compose a|
    compose an|generate a list of questions|generate an image|image prompt|blog post|social media post|linkedin post|
    cover letter|reply to the|use the following context|provided context|using the context|chat history|
    conversation with|you are a friendly|be friendly|tone of voice|role-play|call to action|beantworte die frage|
    hilfreicher assistent|assistant virtuel|asistente virtual|assistente virtual|assistente virtuale|
    reponds aux questions|responde a las preguntas|responda as perguntas|rispondi alle domande`,
  ],
  [
    "generate",
    1.2,
    `no more than 280 characters|your tools|the tool|tools available|available tools|use the tool|using the tools|hashtags|engaging|persuasive|storytelling|step-by-step plan|your response|do not make up|
    don't make up|if you don't know|suggest|recommend`,
  ],
  [
    "extract",
    3.5,
    `extract the following|extract all|extract the|extract only|following fields|following information from|as it appears|
    verbatim|if not found|if a field is missing|null if|leave empty if|not present in the|do not infer|
    extraction algorithm|relevant information from the text|information extraction|ocr|transcribe|folgende felder|
    folgenden felder|les champs suivants|los siguientes campos|os seguintes campos|i seguenti campi`,
  ],
  [
    "transform",
    4,
    `translate the|translate this|translate into|translation of|translate from|translate to|provide the translation|
    specializing in translation|ins deutsche|ins englische|into english|into german|into spanish|into french|en anglais|
    en francais|al espanol|al ingles|para o portugues|para o ingles|in italiano|in inglese`,
  ],
  [
    "transform",
    2.5,
    `reformat|convert to json|convert the following|into valid json|to valid json|fix the json|as a markdown table|
    to markdown|to html|to csv|without changing the content|content identical|change nothing else|changing no words|keep all other words|do not alter the|keep the wording|do not change the content`,
  ],
];

/** By first word, so that a text is passed once whatever the number of phrases. */
const BY_FIRST_WORD = indexPhrases();

interface IndexedPhrase {
  readonly phrase: string;
  readonly row: number;
}

function indexPhrases(): ReadonlyMap<string, readonly IndexedPhrase[]> {
  const index = new Map<string, IndexedPhrase[]>();
  PHRASES.forEach(([, , phrases], row) => {
    for (const phrase of phrases.split(/\|\s*/)) {
      const first = FIRST_WORD.exec(phrase)?.[0] ?? phrase;
      index.set(first, [...(index.get(first) ?? []), { phrase, row }]);
    }
  });
  return index;
}

/** A phrase counts once, and each further one of its row less. */
export function phraseScores(foldedText: string): IntentScores {
  const scores = noScores();
  const seen = new Set<string>();
  const found = PHRASES.map(() => 0);
  let start = -1;
  for (let index = 0; index <= foldedText.length; index += 1) {
    if (isWordCode(index === foldedText.length ? 0 : foldedText.charCodeAt(index))) {
      if (start === -1) start = index;
      continue;
    }
    if (start === -1) continue;
    const candidates = BY_FIRST_WORD.get(foldedText.slice(start, index));
    for (const { phrase, row } of candidates ?? NONE) {
      const times = found[row] ?? 0;
      if (times === 3 || seen.has(phrase) || !foldedText.startsWith(phrase, start)) continue;
      seen.add(phrase);
      found[row] = times + 1;
      const [intent = "generate", weight = 0] = PHRASES[row] ?? [];
      scores[intent] += weight / (1 + times);
    }
    start = -1;
  }
  return scores;
}

const NONE: readonly IndexedPhrase[] = [];

/** Folded text and phrases alike begin their words with plain letters. */
function isWordCode(code: number): boolean {
  return (code >= 97 && code <= 122) || code === 39;
}
