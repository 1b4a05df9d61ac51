// What words of a URL's path and host say about a request. Tables only.
import { wordSet } from "./words.ts";

/** POST to these asks and changes nothing. */
export const QUERY_WORDS = wordSet(
  "search searches query queries find list lookup filter scroll count retrieve retrieval fetch get getall read scrape scraper crawl crawler map extract extraction parse parser select aggregate batchget runreport",
  "batchrunreports report reports suggest autocomplete nearby distance directions geocode reverse rank recommend similar match matches match-all explain stats statistics analytics serp results result status export exports download",
  "history browse screenshot capture content items msearch hybrid knn vectors-query rerank discover enrich enrichment people-search info details profile profiles listings snapshot dataset datasets whois dns weather forecast historical quote quotes",
);
/** The exact ends of paths that read although a write word may stand before them. */
export const DESTROY_WORDS = wordSet(
  "delete remove destroy purge clear drop cancel refund void terminate unsubscribe revoke deletemessage deletewebhook kick ban wipe flush truncate",
);
export const WRITE_WORDS = wordSet(
  "create add insert update upsert append save upload push publish send post sendmessage sendphoto sendmail sendaudio sendvideo senddocument sendmediagroup editmessagetext setwebhook trigger start stop restart run execute enable disable import notify",
  "notifications subscribe activate deactivate approve reject close reopen move copy rename assign invite share register enroll sync dispatch dispatches deploy submit set write commit store index ingest batchupdate bulk answer reply broadcast messages chat.postmessage postmessage webhook webhooks",
);
export const TOKEN_WORDS = wordSet(
  "token tokens oauth oauth2 auth authenticate authentication authorize authorization login signin session sessions access_token accesstoken initializeupload initialize-upload createuploadurl jwt credentials presigned presign presignedurl uploadurl upload-url upload_url signed-url signedurl signed_url sts refresh-token refreshtoken getuploadurl createsession",
);
export const VERDICT_WORDS = wordSet(
  "verify verifier verification validate validator validation check checker moderation moderations moderate scan scanner scans lint fraud fraud_info spam phishing plagiarism safebrowsing threatmatches threatmatches:find captcha siteverify recaptcha fact-check factcheck sanctions aml kyc deliverability blacklist disposable bulk-verify email-verifier ssl-check w3c audit compliance test malware reputation",
);
export const CONVERT_WORDS = wordSet(
  "convert conversion converter translate translation translations resize crop compress optimize render-pdf html2pdf html-to-pdf html-pdf html_to_pdf pdf htmltopdf html2image merge split zip unzip format transform encode decode minify shorten removebg remove-background upscale transcode embeddings embedding embed tokenize batchembedcontents embedcontent thumbnail watermark csv2json xml2json md5 hash",
);
export const TRANSCRIBE_WORDS = wordSet(
  "transcription transcriptions transcribe transcript transcripts speech-to-text speech_to_text speechtotext stt asr ocr recognize recognition listen receipt invoice-parser document-ai layout textract docparse read-document :recognize longrunningrecognize images:annotate annotate whisper documents:process",
);
/** Makers of pictures, sound and film. */
export const MEDIA_WORDS = wordSet(
  "images image imagine generations text-to-image texttoimage text2image txt2img img2img image-to-video imagetovideo text-to-video texttovideo text2video video videos text-to-speech texttospeech tts speech voice voices music song songs lyrics avatar avatars talks clips render renders renderings stable-diffusion",
  "flux sdxl dalle dall-e midjourney kling suno sora veo veo2 veo3 veo-3 runway luma pika predictions predict images/edits animate lipsync podcast generate-image generateimage generate-video generatevideo generate-audio sound-generation qr qrcode chart charts barcode imagen generateimages predictlongrunning storyboard thumbnailgen presentation presentations slides",
);
export const MEDIA_HOSTS =
  /(?:fal\.run|fal\.ai|replicate\.com|stability\.ai|leonardo\.ai|ideogram|midjourney|goapi|piapi|klingai|kling|runwayml|lumalabs|suno|elevenlabs|play\.ht|heygen|d-id\.com|synthesia|creatomate|shotstack|json2video|bannerbear|placid|renderform|apitemplate|pollinations|black-forest|bfl\.(?:ai|ml)|flux|segmind|getimg|quickchart|qrserver|hedra|hailuo|minimax|wavespeed|kie\.ai|murf|resemble|cartesia|dalle|recraft|freepik)/;
export const MODEL_HOSTS =
  /(?:api\.openai\.com|openai\.azure|openrouter\.ai|api\.anthropic\.com|generativelanguage\.googleapis|aiplatform\.googleapis|api\.mistral\.ai|api\.groq\.com|api\.deepseek\.com|api\.cohere|api\.together|perplexity\.ai|api\.x\.ai|huggingface\.co|dashscope|moonshot\.cn|bigmodel\.cn|volces\.com|siliconflow|fireworks\.ai|cerebras\.ai|:11434|ollama|localhost:1234|lmstudio|vllm|text-generation|bedrock|watsonx|novita|deepinfra|hyperbolic|sambanova|jina\.ai\/v1\/chat|nvidia\.com|llm|ai21)/;
/** Language-model calls, wherever they are served. */
export const MODEL_PATH =
  /(?:chat\/completions|\/completions?(?:$|[/?])|\/v1\/messages|\/v1\/complete|:generatecontent|:streamgeneratecontent|\/api\/generate|\/api\/chat(?:$|[/?])|\/v1\/responses|\/inference|\/generate(?:$|[/?])|text-generation|chat-messages|\/v1\/chat|\/prediction\/|\/completion-messages|\/converse|\/invoke(?:$|[/?])|\/v2\/chat|\/text\/chatcompletion|\/threads\/runs|\/ask(?:$|[/?])|:rawpredict|\/workflows\/run|\/api\/v1\/run)/;
export const SEARCH_HOSTS =
  /(?:serpapi|serper|tavily|firecrawl|apify|brightdata|scrapingbee|scraperapi|scrapingdog|zenrows|phantombuster|algolia|exa\.ai|search\.brave|googleapis\.com\/customsearch|r\.jina\.ai|s\.jina\.ai|browserless|diffbot|crawlbase|oxylabs|dataforseo|apollo\.io|rapidapi|newsapi|wikipedia|arxiv|pubmed|spider\.cloud|browse\.ai|parsehub|olostep|hyperbrowser|linkup|you\.com|duckduckgo|searx|valueserp|zyte|overpass-api|scrape|crawl)/;
export const VERDICT_HOSTS =
  /(?:virustotal|phishtank|urlvoid|safebrowsing|hunter\.io\/v2\/email-verifier|zerobounce|neverbounce|abuseipdb|emaillistverify|mailboxlayer|numverify|ipqualityscore|captcha|turnstile|fraud|verifalia|millionverifier|bouncer|debounce|kickbox|haveibeenpwned|languagetool|perspectiveapi|commentanalyzer|originality|copyleaks|gptzero|sightengine|urlscan|checkphish|hybrid-analysis|vatcheck|viesapi|isitphish|validat|verify|emailable|vatcomply|vatsense|vatlayer)/;
export const MESSAGE_HOSTS =
  /(?:ntfy|hooks\.slack|discord(?:app)?\.com\/api\/webhooks|api\.telegram\.org|graph\.facebook\.com\/.*messages|twilio|sendgrid|mailgun|resend\.com|postmark|pushover|pushbullet|onesignal|line\.me|waha|evolution|ultramsg|whatsapp|gotify|webhook\.office|chat\.googleapis|api\.brevo|mailjet|smtp2go|vonage|messagebird|zapi|wati|respond\.io|viber|kavenegar)/;
