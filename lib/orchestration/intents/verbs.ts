// What verbs of action, operation and step names mean: intent and effect, in eight languages. Words only; their order is judged elsewhere.
import type { Effect } from "../../workflow/types.ts";
import type { IntentType } from "../types.ts";

export interface VerbMeaning {
  readonly intent: IntentType;
  readonly effect: Effect;
}

/** Written without accents, as `foldCase` gives them. Infinitive, imperative and third person where names use them. */
const TABLE: readonly (readonly [IntentType, Effect, string])[] = [
  [
    "extract",
    "read",
    `get gets getall getmany returns finder getter reader lister list lists listing find finds search searches searching read reads reading fetch fetches fetching download downloads
    query queries lookup load loads retrieve retrieves retrieving retrieval pull pulls collect collects gather show shows view views browse scrape scrapes scraping scraper crawl
    crawls inspect peek poll watch enumerate discover extract extracts extraction parse parses parser transcribe transcribes transcription
    recognize ocr enrich describe count counts export exports select selects screenshot snapshot capture current latest whoami exists
    research monitor observe obtain acquire receive receives clone status info information details detail history logs stats profile predict
    hole holen lade laden lies lesen suche suchen finde finden abrufen abfragen herunterladen auslesen ermitteln extrahiere extrahieren auflisten anzeigen
    obtenir recuperer recupere chercher cherche rechercher recherche lire lis telecharger telecharge lister extraire extrais charger consulter trouver
    obtener obten buscar busca leer lee descargar descarga listar lista extraer extrae consultar consulta recuperar recupera encontrar cargar
    obter obtem procurar ler baixar pesquisar extrair extrai encontrar carregar
    ottenere ottieni cercare cerca leggere leggi scaricare scarica elencare estrarre estrai recuperare trovare caricare
    pobierz szukaj ophalen haal zoek lezen ambil cari poluchit nayti`,
  ],
  [
    "send",
    "write",
    `create creates creating add adds adding insert inserts inserting append appends appending update updates updating upsert upserts put patch patches edit edits
    modify modifies save saves saving store stores storing upload uploads uploading push pushes copy copies duplicate archive archives unarchive mark marks unmark star stars
    unstar pin unpin like unlike follow unfollow react approve reject resolve unresolve close closes reopen open lock unlock enable disable activate
    deactivate start starts stop stops restart trigger triggers schedule reschedule complete register subscribe connect disconnect link
    unlink attach attaches detach import imports sync syncs synchronize fork rename move moves assign assigns unassign label labels tag tags untag
    click fill type press hover drag tap swipe increment decrement incr decr enqueue commit commits emit track record records index ingest ingests bookmark
    invite share shares grant set request reprioritize reorder prioritize dismiss manage configure change replace provision
    install setwebhook setup write writes writing log snooze checkout make makes place finalize finalise toggle control renew handle accept decline decrement favorite launch launches submit submits launch resume pause suspend pop dequeue ack acknowledge mute
    unmute join leave rate vote upvote downvote apply applies enroll backup restore migrate rotate seed bulk navigate execute run exec
    populate persist book books populate populates
    anlegen erstelle erstellen hinzufugen aktualisieren aktualisiere speichern speichere hochladen einfugen eintragen andern archivieren markieren verschieben schreibe schreiben
    creer cree ajouter ajoute mettre enregistrer enregistre televerser sauvegarder modifier archiver deplacer inserer ecrire
    crear crea agregar agrega anadir anade actualizar actualiza guardar guarda subir sube insertar inserta registrar registra mover archivar escribir
    criar cria adicionar adiciona atualizar atualiza salvar salva inserir insere registar gravar mover
    creare crea aggiungere aggiungi aggiornare aggiorna salvare salva caricare inserire inserisci registrare spostare
    dodaj zapisz opslaan toevoegen simpan tambah`,
  ],
  [
    "send",
    "destructive",
    `send sends sending sent email emails mail notify notifies notification reply replies replying respond responds response answer message messages post posts posting publish
    publishes publishing unpublish tweet retweet broadcast forward forwards alert alerts dispatch deliver delivers call dial comment comments delete deletes deleting deleteall
    remove removes removing clear clears purge purges drop drops destroy destroys truncate wipe wipes erase erases reset uninstall terminate kill kills pay pays
    charge charges refund refunds purchase buy sell transfer payout withdraw ban kick block unblock revoke cancel cancels deploy deploys release releases unsubscribe expire
    invalidate void discard rollback overwrite flush trash remind ping page announce sms evict deregister unregister merge
    sende senden sendet verschicken verschicke schicke schicken benachrichtige benachrichtigen antworte loschen losche entfernen veroffentlichen stornieren bezahlen melden
    envoyer envoie envoyez notifier notifie repondre publier publie supprimer supprime effacer prevenir payer
    enviar envia envie notificar notifica responder responde publicar publica eliminar elimina borrar borra avisar pagar
    excluir exclui apagar apaga remover
    inviare invia inviano notificare rispondere rispondi pubblicare pubblica eliminare cancellare avvisare rimuovere
    wyslij usun verstuur verzenden stuur verwijder kirim hapus otpravit`,
  ],
  [
    "validate",
    "none",
    `validate validates validating validation validator verify verifies verifying verification verifier check checks checking checker lint lints linting linter test tests testing tester assert
    asserts assertion scan scans scanning audit audits auditing moderate moderates moderation ensure ensures guardrail guardrails guard proof confirm
    prufe prufen pruft uberprufe uberprufen validiere validieren verifiziere verifizieren testen kontrolliere kontrollieren
    verifier verifie valider valide controler controle tester
    validar valida verificar verifica comprobar comprueba revisar
    checar conferir confere
    verificare convalidare convalida controllare controlla
    sprawdz controleren controleer valideer periksa proverit`,
  ],
  [
    "summarize",
    "none",
    `summarize summarizes summarise summarises summarizing summary summaries digest condense recap tldr classify classifies classification classifier categorize categorise categorizes
    categorization sentiment score scores scoring rank ranks ranking grade triage analyze analyse analyzes analyzing analysis analyst assess assesses evaluate evaluates
    zusammenfassen zusammenfassung klassifiziere klassifizieren kategorisieren bewerte bewerten analysiere analysieren einordnen
    resumer synthetiser synthese classer classifier analyser evaluer
    resumir resumen clasificar clasifica analizar analiza evaluar categorizar
    resumo classificar classifica analisar avaliar
    riassumere riassumi riassunto classificare analizzare valutare
    samenvatten podsumuj ringkas`,
  ],
  [
    "generate",
    "none",
    `generate generates generating generation generator compose composes draft drafts drafting rewrite rewrites rephrase paraphrase imagine synthesize
    brainstorm chat completion completions tts speech dalle improvise suggest suggests recommend recommends writer copywriter author ideate
    design designs plan planner ask
    verfasse verfassen generiere generieren entwerfe entwerfen formuliere formulieren
    rediger redige generer genere composer
    redactar redacta generar genera
    redigir gerar gera elaborar
    generare redigere scrivi
    genereer wygeneruj buat tulis`,
  ],
  [
    "transform",
    "none",
    `convert converts converting conversion converter translate translates translation translator translating format formats formatting formatter transform transforms transformation map mapping
    normalize normalizes normalise normalization split splits splitting flatten aggregate aggregates sort sorts sorting dedupe deduplicate resize crop compress decompress zip
    unzip encode encodes decode decodes encrypt decrypt hash hashes sign reshape restructure calculate calculates compute computes
    compile compiles build builds bundle minify combine combines concat concatenate filter template render renders prepare prepares clean cleans cleanup round reduce
    group limit embed embedding embeddings chunk tokenize trim strip unwrap simplify simplifies arrange structure unify derive
    umwandeln konvertieren ubersetzen ubersetze sortieren formatieren berechne berechnen aufbereiten zusammenfuhren umrechnen
    convertir traduire traduis trier formater calculer transformer fusionner
    traducir traduce ordenar formatear calcular combinar
    converter traduzir ordenar formatar juntar
    convertire tradurre traduci ordinare formattare calcolare unire
    vertalen przetlumacz terjemahkan ubah`,
  ],
  [
    "conditional",
    "none",
    `if is has switch route routes router routing branch gate decide decides decision else whether should
    wenn entscheide si sinon decidir se instradare`,
  ],
];

/** Words that are verbs elsewhere and mislead in names: nouns of their own, or too common in other languages. */
const MISLEADING = new Set(["se", "si", "lis", "lee"]);

function buildVerbs(): ReadonlyMap<string, VerbMeaning> {
  const verbs = new Map<string, VerbMeaning>();
  for (const [intent, effect, words] of TABLE) {
    const meaning = { intent, effect };
    // The first table that names a word keeps it; dangerous words stand in one table only.
    for (const word of words.split(/\s+/)) if (word !== "" && !verbs.has(word) && !MISLEADING.has(word)) verbs.set(word, meaning);
  }
  return verbs;
}

export const VERBS: ReadonlyMap<string, VerbMeaning> = buildVerbs();

/** Two words that together are one noun or verb with a meaning of its own. */
export const COMPOUNDS: ReadonlyMap<string, string> = new Map([
  ["pull request", "pullrequest"],
  ["pull requests", "pullrequests"],
  ["look up", "lookup"],
  ["looks up", "lookup"],
  ["check out", "checkout"],
  ["set up", "setup"],
  ["get or", "upsert"],
  ["find or", "upsert"],
  ["back up", "backup"],
  ["read write", "write"],
  ["load more", "load"],
  ["mark read", "mark"],
  ["fill in", "fill"],
  ["sign up", "register"],
  ["log in", "login"],
  ["release notes", "notes"],
  ["email address", "address"],
  ["e mail", "email"],
  ["follow up", "followup"],
  ["look for", "search"],
  ["unit test", "test"],
]);

/** Unspaced scripts, looked for inside the name: earlier entries win. */
export const UNSPACED_VERBS: readonly (readonly [string, IntentType, Effect])[] = [
  ["删除", "send", "destructive"],
  ["发送", "send", "destructive"],
  ["发布", "send", "destructive"],
  ["推送", "send", "destructive"],
  ["通知", "send", "destructive"],
  ["直接回复", "send", "destructive"],
  ["保存", "send", "write"],
  ["写入", "send", "write"],
  ["上传", "send", "write"],
  ["更新", "send", "write"],
  ["新增", "send", "write"],
  ["添加", "send", "write"],
  ["创建", "send", "write"],
  ["削除", "send", "destructive"],
  ["送信", "send", "destructive"],
  ["投稿", "send", "destructive"],
  ["登録", "send", "write"],
  ["更新", "send", "write"],
  ["保存", "send", "write"],
  ["追加", "send", "write"],
  ["総括", "summarize", "none"],
  ["总结", "summarize", "none"],
  ["摘要", "summarize", "none"],
  ["概括", "summarize", "none"],
  ["要約", "summarize", "none"],
  ["分类", "summarize", "none"],
  ["分類", "summarize", "none"],
  ["情感", "summarize", "none"],
  ["打分", "summarize", "none"],
  ["评分", "summarize", "none"],
  ["校验", "validate", "none"],
  ["验证", "validate", "none"],
  ["审核", "validate", "none"],
  ["检查", "validate", "none"],
  ["质检", "validate", "none"],
  ["検証", "validate", "none"],
  ["翻译", "transform", "none"],
  ["翻訳", "transform", "none"],
  ["转换", "transform", "none"],
  ["変換", "transform", "none"],
  ["集計", "transform", "none"],
  ["統合", "transform", "none"],
  ["整形", "transform", "none"],
  ["予測", "summarize", "none"],
  ["格式化", "transform", "none"],
  ["合并", "transform", "none"],
  ["聚合", "transform", "none"],
  ["获取", "extract", "read"],
  ["查询", "extract", "read"],
  ["检索", "extract", "read"],
  ["搜索", "extract", "read"],
  ["读取", "extract", "read"],
  ["抓取", "extract", "read"],
  ["爬取", "extract", "read"],
  ["下载", "extract", "read"],
  ["提取", "extract", "read"],
  ["抽取", "extract", "read"],
  ["识别", "extract", "read"],
  ["取得", "extract", "read"],
  ["検索", "extract", "read"],
  ["抽出", "extract", "read"],
  ["生成", "generate", "none"],
  ["撰写", "generate", "none"],
  ["写作", "generate", "none"],
  ["改写", "generate", "none"],
  ["作成", "generate", "none"],
  ["判断", "conditional", "none"],
  ["分支", "conditional", "none"],
  ["是否", "conditional", "none"],
];
