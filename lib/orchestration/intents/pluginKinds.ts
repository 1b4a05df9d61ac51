// Apps whose actions mean something else than their verbs say, or have none. Patterns over names, no plugin is loaded.
import type { Effect } from "../../workflow/types.ts";
import type { IntentType } from "../types.ts";

export interface PluginRule {
  /** Of the plugin's name in kebab case. */
  readonly plugin: RegExp;
  /** Of `resource.operation`, lower case with all but letters cut; absent = every action. */
  readonly action?: RegExp;
  readonly intent: IntentType;
  readonly effect: Effect;
}

export const MODEL_PLUGINS =
  /^(?:open-?ai|chat-?gpt|anthropic|claude|google-gemini|gemini|google-palm|mistral|mistral-ai|cohere|ollama|groq|deepseek|perplexity|open-router|azure-open-ai|lm-chat|x-ai|grok|hugging-?face|llama|bedrock|llm|vertex|qwen|moonshot|tongyi|zhipu|doubao|agent|chain-llm|basic-llm|ai-agent|jan|writer|ai21|dumpling|flowise|dify|vectorshift|openai-compatible)/;
export const SHELL_PLUGINS = /^(?:shell|ssh|execute-command|bash|command|terminal|powershell|cmd|console|script|exec)$/;
export const HTTP_PLUGINS =
  /^(?:http|https|http-request|httprequest|rest|webhook-call|api|fetch|request|requests|web-request|curl|http-client)$/;
export const DATABASE_PLUGINS =
  /^(?:postgres|postgre-sql|postgresql|my-?sql|maria-?db|microsoft-sql|mssql|sqlite|snowflake|big-?query|google-big-query|redshift|crate-db|timescale-db|quest-db|cockroach|oracle|clickhouse|supabase|duckdb|sql|database|db|databricks|athena|trino|presto|spanner|neon|planetscale|turso|libsql)/;
export const VECTOR_STORES =
  /vector-?store|pinecone|qdrant|weaviate|milvus|chroma|pgvector|faiss|zep|upstash-vector|knowledge|retriever|document-store|singlestore-vector|opensearch-vector|elasticsearch-vector/;

/** The first that fits wins. */
export const PLUGIN_RULES: readonly PluginRule[] = [
  // Left out, the action is the one these apps are for.
  {
    plugin:
      /^(?:gmail|slack|telegram|discord|microsoft-teams|microsoft-outlook|whats-?app|whatsapp-business.*|mattermost|rocketchat|matrix|line|google-chat|email|e-mail|sms|zulip|signal|webex.*)$/,
    action: /^$/,
    intent: "send",
    effect: "destructive",
  },
  // Answers to whoever called, and pages shown to people.
  {
    plugin: /^(?:respond-to-webhook|chat|chat-reply|direct-reply|answer|reply|response|chat-message|chat-output|end)$/,
    intent: "send",
    effect: "destructive",
  },
  { plugin: /^form$|^n8n-form/, intent: "send", effect: "destructive" },
  { plugin: /^stop-?and-?error$|^throw-?error$|^raise-?error$/, intent: "validate", effect: "none" },
  { plugin: /^(?:human-input|approval|human-approval|wait-for-approval|user-approval)$/, intent: "conditional", effect: "none" },
  // Verdict services.
  { plugin: /hunter/, action: /verif/, intent: "validate", effect: "read" },
  {
    plugin:
      /mailcheck|zerobounce|neverbounce|mailboxlayer|numverify|email-?verif|email-?valid|phone-?valid|address-?valid|one-simple-api.*valid|vat-?valid|uproc.*valid|millionverifier|emailable|kickbox|debounce|bouncer/,
    intent: "validate",
    effect: "read",
  },
  { plugin: /one-simple-api/, action: /expand|validate|verif/, intent: "validate", effect: "read" },
  { plugin: /one-simple-api/, action: /pdf|screenshot|qr/, intent: "transform", effect: "read" },
  {
    plugin: /virus-?total|url-?scan|abuse-?ipdb|phishtank|hybrid-analysis|safe-?browsing|greynoise|guardrail|moderation|presidio|lakera/,
    action: /scan|submit|perform|check|analy|moderat|run|execute|verif|guard/,
    intent: "validate",
    effect: "read",
  },
  { plugin: /guardrail|moderation|lakera|content-safety/, intent: "validate", effect: "read" },
  { plugin: /^jwt$/, action: /verify/, intent: "validate", effect: "none" },
  {
    plugin:
      /^(?:jwt|totp|crypto|hash|json|json-process|yaml|xml|csv|markdown|date-?time|compression|math|calculator|regex|code|code-interpreter|text|template|templating|json-repair|base64|url-encode|uuid|image-resize|edit-image)$/,
    intent: "transform",
    effect: "none",
  },
  // Media and language services.
  { plugin: /deep-?l|translate|translator|linguee|lingva/, intent: "transform", effect: "none" },
  {
    plugin: /comprehend|natural-language|sentiment|meaning-?cloud|monkey-?learn|text-?analytics|komprehend|twinword/,
    intent: "summarize",
    effect: "none",
  },
  { plugin: /rekognition|computer-vision|clarifai|vision/, action: /text|ocr|document/, intent: "extract", effect: "read" },
  { plugin: /rekognition|computer-vision|clarifai|vision/, intent: "summarize", effect: "none" },
  {
    plugin:
      /textract|mindee|ocr|docparser|parseur|mailparser|nanonets|veryfi|rossum|klippa|docsumo|tesseract|unstructured|llama-?parse|docling|mathpix|form-recognizer|document-intelligence|document-ai|affinda|extracta/,
    intent: "extract",
    effect: "read",
  },
  {
    plugin:
      /whisper|transcri|deepgram|assembly-?ai|speech-?to-?text|rev-ai|gladia|otter|fireflies|happyscribe|speechmatics|tactiq|descript/,
    intent: "extract",
    effect: "read",
  },
  { plugin: /eleven-?labs/, action: /speechtotext|transcri|get|list/, intent: "extract", effect: "read" },
  { plugin: /eleven-?labs|text-?to-?speech|polly|murf|play-?ht|tts|azure-speech/, intent: "generate", effect: "none" },
  {
    plugin:
      /quick-?chart|bannerbear|placid|api-?template|creatomate|shotstack|json2video|renderform|dall-?e|stability|stable-diffusion|midjourney|leonardo|replicate|fal-?ai|ideogram|flux|heygen|synthesia|runway|luma|suno|d-id|qr-?code|peekalink-image|abyssale|canva|gamma|comfy|hedra|kling|veo|sora|imagen|pollinations/,
    action: /^(?!.*(?:get|list|status|download|retrieve|fetch))/,
    intent: "generate",
    effect: "read",
  },
  {
    plugin:
      /cloud-?convert|convert-?api|pdf-?(?:co|monkey|shift|generator)|html-?to-?(?:pdf|image)|htmlcsstoimage|api2pdf|pandoc|ffmpeg|tinypng|compress|remove-?bg|gotenberg|stirling|ilove|craftmypdf|carbone|docspring|documint|doppio/,
    action: /^(?!.*(?:upload|delete))/,
    intent: "transform",
    effect: "read",
  },
  // Readers of the web and of feeds; their actions are often named "run" or after the tool itself.
  {
    plugin:
      /serp|tavily|brave|exa|duck-?duck|google-?search|bing-?search|searx|wolfram|wikipedia|arxiv|pubmed|news-?api|open-?weather|weather|rss|feed|jina|linkup|you-?search|perplexity-search|scholar|yahoo-finance|alpha-?vantage|coingecko|coin-gecko|marketstack|nasa|hacker-?news|clearbit|dropcontact|uplead|lusha|people-?data|humantic|icypeas|rocketreach|uproc|brandfetch|peekalink|google-?books|google-?maps|google-?places|geocod|ipinfo|ip-?api|whois|random-user|dnd|pokemon|time$|current-?time|openstreetmap|nominatim/,
    action: /^(?!.*(?:create|delete|update|send|add|post|upload|remove))/,
    intent: "extract",
    effect: "read",
  },
  {
    plugin:
      /firecrawl|apify|scrap|crawl|browserless|bright-?data|zyte|dumpling|spider|web-?reader|web-?loader|cheerio|diffbot|parsehub|octoparse|oxylabs|olostep|url-?reader|webpage/,
    action: /^(?!.*(?:delete|cancel|abort|click|type|fill|create(?!crawl)|update|upload))/,
    intent: "extract",
    effect: "read",
  },
  {
    plugin: /airtop|browser-?use|stagehand/,
    action: /extraction|query|scrape|screenshot|getpag|loadurl/,
    intent: "extract",
    effect: "read",
  },
  // Files and documents.
  {
    plugin:
      /^(?:extract-from-file|read-pdf|read-binary-files?|read-file|spreadsheet-file|document-loader|file-loader|pdf-loader|document-default-data-loader|document-extractor|doc-extractor|text-loader|pdf|pdf-parser|excel-reader|csv-reader)$/,
    action: /^(?!.*(?:tofile|write|create))/,
    intent: "extract",
    effect: "read",
  },
  { plugin: /^(?:write-binary-file|write-file)$/, intent: "send", effect: "write" },
  { plugin: /^(?:convert-to-file|spreadsheet-file|move-binary-data|file-conversion)$/, intent: "transform", effect: "none" },
  { plugin: /customer-datastore|customer-messenger/, action: /get|getall|^$/, intent: "extract", effect: "read" },
  { plugin: /customer-messenger/, intent: "send", effect: "destructive" },
  // Queues and buses have a single deed.
  {
    plugin:
      /^(?:kafka|rabbit-?mq|amqp|mqtt|aws-sns|aws-sqs|sns|sqs|nats|google-pub-?sub|pub-?sub|service-bus|event-?bridge|redis-publish|pushover|pushbullet|pushcut|gotify|ntfy|spontit|sms77|seven|msg91|plivo|vonage|twilio|message-?bird|mocean|signl4|mailjet|mandrill|mailgun|sendgrid|send-?grid|send-?in-?blue|brevo|email-?send|send-?email|smtp|telegram-send|discord-webhook|slack-webhook|teams-webhook|line-notify)$/,
    action: /^(?!.*(?:get|list|search|find|read|receive|lookup|delete|create|update|upsert|add|insert))/,
    intent: "send",
    effect: "destructive",
  },
  { plugin: /^(?:yourls|bitly|tiny-?url|rebrandly|short-?url|shlink|dub)$/, action: /shorten|create|^$/, intent: "send", effect: "write" },
  // A tool that is one action, such as the search tools of agents.
  { plugin: /^(?:memory|memory-manager|chat-memory.*)$/, action: /insert|delete|add|save|update/, intent: "send", effect: "write" },
  { plugin: /^(?:memory|memory-manager|chat-memory.*)$/, intent: "extract", effect: "read" },
];
