// What verbs, objects and roles of prompts say about the deliverable, in eight languages. Tables only.
import type { IntentType } from "../types.ts";

/** `make`: the object decides ("create a summary"). `judge`: the criterion decides ("assess whether it is valid"). `find`: what is found decides. `turn`: what it becomes decides. `tell`: who is told, and what about, decides. */
export type PromptVerb = IntentType | "make" | "judge" | "find" | "turn" | "tell";

const VERB_ROWS: readonly (readonly [PromptVerb, string])[] = [
  [
    "summarize",
    `cluster clusters clustering bucket summarize summarise summarizes summarizing summarising condense condenses shorten recap digest synthesize classify classifies classifying categorize categorise categorizing label tag score rate rank ranks prioritize
    triage distill boil
    zusammenfassen fasse fassen klassifiziere klassifizieren kategorisiere kategorisieren ordne bewerte einstufen einordnen priorisiere verdichte
    resume resumez resumer synthetise synthetisez classe classez classer categorise categorisez evalue
    resume resuma resumir sintetiza clasifica clasifique clasificar categoriza puntua
    resuma resumir classifique classificar pontue
    riassumi riassumere sintetizza classifica classificare categorizza
    samenvat vat classificeer podsumuj rangkum rangkumkan rangkumlah ringkas klasifikasikan`,
  ],
  [
    "generate",
    `draft compose rewrite rephrase paraphrase reword answer reply respond expand elaborate brainstorm invent imagine author craft narrate suggest recommend propose design plan improve enhance polish
    write writes writing craft personalize personalise chat converse help assist guide teach advise greet engage ghostwrite blog improvise role-play roleplay act continue refine outline storyboard
    generating drafting composing crafting answering replying responding helping assisting brainstorming
    schreibe schreib schreiben verfasse verfassen formuliere formulieren entwirf entwerfe beantworte beantworten antworte antworten hilf helfen schlage uberarbeite verbessere plane umformulieren texte
    redige redigez rediger ecris ecrivez ecrire reponds repondez repondre propose proposez aide aidez reformule reformulez ameliore imagine
    redacta redacte redactar escribe escriba escribir responde responda responder sugiere propon ayuda ayude reescribe mejora contesta conteste
    redija redigir escreva escrever sugira proponha ajude reescreva melhore
    scrivi scrivere redigi rispondi rispondere suggerisci proponi aiuta riscrivi migliora componi
    schrijf schrijven beantwoord napisz odpowiedz tulis tuliskan jawab`,
  ],
  [
    "extract",
    `fill populate read extract extracts extracting parse pull capture transcribe ocr retrieve scrape lookup fetch collect research
    extrahiere extrahieren entnimm entnehmen lies auslesen transkribiere recherchiere hole
    extrais extrayez extraire releve relevez recupere recuperez transcris recherche
    extrae extraiga extraer recupera obten
    extraia extrair obtenha transcreva
    estrai estrarre recupera trascrivi
    extraheer wyodrebnij ekstrak`,
  ],
  [
    "validate",
    `confirm confirms bestatige confirme confirma conferma validate verify validates verifying validating check proofread fact-check fact-checking factcheck moderate audit lint critique inspect flag grade review debug test reconcile
    prufe prufen uberprufe uberprufen validiere validieren verifiziere kontrolliere begutachte beurteile
    verifie verifiez verifier valide validez controle controlez relis relisez
    verifica verifique verificar valida valide comprueba compruebe revisa revise confira convalida controlla controllare
    controleer valideer sprawdz periksa`,
  ],
  [
    "transform",
    `replace mask redact replaces remove translate translates translating reformat normalize normalise transliterate localize sort deduplicate merge split clean cleanse anonymize format strip
    ubersetze ubersetzen formatiere formatieren bereinige sortiere anonymisiere
    traduis traduisez traduire formate nettoie trie
    traduce traduzca traducir formatea limpia ordena
    traduza traduzir limpe ordene
    traduci tradurre formatta pulisci ordina
    vertaal przetlumacz terjemahkan`,
  ],
  ["conditional", `route dispatch handoff`],
  [
    "make",
    `create generate produce provide assign attach compile perform conduct carry give return output make build prepare deliver present develop supply offer list formulate construct put form render show submit emit generates creates producing
    erstelle erstellen generiere generieren erzeuge gib geben liefere liefern nenne mache
    cree creez creer genere generez generer produis fournis fournissez donne donnez renvoie renvoyez retourne retournez fais
    crea crear genera generar proporciona devuelve devuelva haz
    crie criar gere gerar forneca retorne devolva faca elabore fornisci restituisci produci prepara
    maak genereer geef stworz wygeneruj zwroc buat berikan`,
  ],
  [
    "judge",
    `determine decide assess evaluate judge determines deciding assessing evaluating evaluates analyze analyse analyzes analyzing analysing examine compare detect diagnose estimate interpret infer predict monitor
    entscheide bestimme bestimmen analysiere analysieren untersuche vergleiche erkenne determinez analysez analyser evaluez detecte
    determina analiza analice analizar evalua evalue compara detecta decida analise analisar avalie avaliar
    analizza analizzare valuta valutare decidi confronta rileva
    analyseer bepaal beoordeel przeanalizuj ocen analisis tentukan`,
  ],
  [
    "find",
    `indicate state report indique indiquez indica identify find get locate spot recognize note highlight gather look search select choose pick name mention enumerate
    identifiziere finde finden suche ermittle wahle liste
    identifie identifiez trouve trouvez cherche choisis selectionne
    identifica identifique encuentra encuentre busca selecciona elige encontre busque selecione escolha trova cerca seleziona scegli elenca
    identificeer zoek znajdz temukan cari`,
  ],
  ["tell", `explain explains tell tells explique expliquez erklare erklaren spiega explica`],
  [
    "turn",
    `convert transform turn change adapt map reshape wandle konvertiere transforme convertis convierte transforma converte converta trasforma converti omzetten ubah`,
  ],
];

const OBJECT_ROWS: readonly (readonly [IntentType, number, string])[] = [
  [
    "summarize",
    2,
    `summary summaries digest recap overview takeaways takeaway highlights tldr tl synopsis gist minutes sentiment category categories classification label labels score scores rating ratings ranking tags tag insight insights
    themes theme topics trends trend bullet briefing conclusion findings topic priority urgency keywords keyword analysis probability likelihood percentage strengths weaknesses gaps swot pros cons observations positioning proposition confidence emotion mood intent tldr abstract
    zusammenfassung kernpunkte kernaussagen uberblick kategorie kategorien stimmung bewertung punktzahl stichpunkte schlagworte trends dringlichkeit prioritat protokoll
    resume synthese points cles categorie sentiment note tendances apercu urgence compte-rendu
    resumen sintesis categoria sentimiento puntuacion puntos clave etiquetas tendencias urgencia
    resumo sintese sentimento pontuacao etiquetas tendencias urgencia
    riassunto sintesi sentimento punteggio etichette tendenze urgenza
    samenvatting categorie podsumowanie ringkasan`,
  ],
  [
    "generate",
    2,
    `email emails mail reply replies response responses post posts article articles tweet tweets thread blog newsletter caption captions headline headlines title titles script story stories poem song lyrics slogan tagline
    copy ad advertisement description descriptions letter proposal essay paper whitepaper speech dialogue conversation question questions quiz answer answers code function query sql regex prompt prompts plan itinerary
    recipe idea ideas suggestion suggestions recommendation recommendations message messages report content outline pitch bio cv cover guide tutorial faq strategy roadmap agenda podcast lesson course curriculum
    storyboard scene hook hooks hashtags variations variant solution solutions meme joke persona explanation image images picture illustration video chart presentation slides webpage landing readme changelog
    announcement invitation greeting apology followup dm comment comments draft drafts feature diagram workflow schedule menu workout
    antwort antworten beitrag artikel betreff betreffzeile nachricht anschreiben vorschlag vorschlage idee ideen beschreibung produktbeschreibung titel uberschrift gedicht geschichte fragen reiseplan drehbuch angebot einladung
    courriel reponse article billet publication titre accroche lettre idees description histoire poeme questions plan scenario proposition legende
    correo respuesta articulo publicacion titulo carta ideas descripcion historia poema preguntas guion propuesta itinerario
    resposta artigo publicacao legenda ideias descricao roteiro perguntas proposta
    risposta articolo titolo lettera idee descrizione storia didascalia domande itinerario proposta
    antwoord artykul odpowiedz`,
  ],
  [
    "validate",
    2,
    `error errors mistake mistakes defect defects bug bugs vulnerability vulnerabilities violation violations inconsistency inconsistencies discrepancies discrepancy critique criticism criticisms feedback verdict compliance
    correctness mismatch mismatches deviations deviation noncompliance flaws flaw typos hallucinations hallucination pass fail grade anomalies contradictions nonconformity smells regressions mismatches duplicates
    fehler mangel verstosse unstimmigkeiten abweichungen ruckmeldung
    erreurs fautes anomalies incoherences ecarts conformite
    errores fallos inconsistencias discrepancias cumplimiento
    erros falhas divergencias conformidade
    errori difetti incongruenze conformita
    fouten bledy kesalahan`,
  ],
  [
    "extract",
    2,
    `name names date dates amount amounts address addresses phone number numbers field fields entity entities value values total price prices invoice receipt details data information contact contacts company skills experience sku quantity quantities
    iban vat url urls links ingredients attributes parameters line-items attendees deadlines transcript quotes quote citations
    rechnungsnummer datum betrag namen felder daten kontaktdaten adresse angaben
    nom noms dates montant montants champs donnees informations coordonnees
    nombre nombres fecha fechas importe campos datos direccion
    nome nomes datas valor valores dados endereco
    nomi importo campi dati indirizzo`,
  ],
  // What prompts of any kind talk about.
  ["extract", 1, `details data information value total item items row rows`],
  ["transform", 2, `translation translations translated subtitles ubersetzung traduction traduccion traducao traduzione`],
  ["transform", 1.5, `json csv xml yaml html markdown table format uppercase lowercase`],
  ["conditional", 2.5, `route worker branch handoff`],
];

const ROLE_ROWS: readonly (readonly [IntentType, number, string])[] = [
  [
    "generate",
    1.6,
    `writer copywriter author editor storyteller blogger marketer ghostwriter designer developer engineer programmer planner tutor teacher coach chatbot concierge representative advisor consultant creator poet journalist
    strategist receptionist companion scriptwriter screenwriter chef guide novelist novelists salesperson redactor redacteur autor texter redakteur scrittore architect speechwriter composer`,
  ],
  // Said of everything that a model plays.
  ["generate", 0.9, `assistant bot agent assistent assistente asistente helper`],
  [
    "summarize",
    2,
    `summarizer summariser classifier categorizer analyst scorer triager tagger curator aggregator ranker recruiter labeler labeller analista analyste zusammenfasser`,
  ],
  [
    "validate",
    2.5,
    `guard guardrail guardrails moderation reviewer critic fact-checker fact-checking checker moderator grader validator inspector auditor proofreader verifier tester judge evaluator examiner qa prufer lektor correcteur revisor gutachter`,
  ],
  ["transform", 2.5, `translator linguist interpreter formatter converter ubersetzer traducteur traductor tradutor traduttore`],
  ["extract", 2.5, `extractor parser ocr scraper transcriber transcriptionist data-entry extraction`],
  ["conditional", 2.5, `router supervisor dispatcher orchestrator coordinator gatekeeper switchboard`],
];

export const VERBS_IN_PROMPTS: ReadonlyMap<string, PromptVerb> = byWord(VERB_ROWS.map(([meaning, words]) => [words, meaning]));
export const OBJECTS: ReadonlyMap<string, readonly [IntentType, number]> = byWord(
  OBJECT_ROWS.map(([intent, weight, words]) => [words, [intent, weight]]),
);
export const ROLES: ReadonlyMap<string, readonly [IntentType, number]> = byWord(
  ROLE_ROWS.map(([intent, weight, words]) => [words, [intent, weight]]),
);

function byWord<Meaning>(rows: readonly (readonly [string, Meaning])[]): ReadonlyMap<string, Meaning> {
  const map = new Map<string, Meaning>();
  for (const [words, meaning] of rows) for (const word of words.split(/\s+/)) if (word !== "" && !map.has(word)) map.set(word, meaning);
  return map;
}
