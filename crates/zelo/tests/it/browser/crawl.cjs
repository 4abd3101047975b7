// Visits every page that a person can reach and reports what the browser refused, what ran, and who else was asked.
// Usage: node crawl.cjs DEVTOOLS_URL INBOX_URL EMAIL PASSWORD
const { open, say } = require("./chromium.cjs");

const [devtools, inbox, email, password] = process.argv.slice(2);
const origin = new URL(inbox).origin;
const violations = [];
const strangers = new Set();
let ran = 0;
let policies = 0;

// Tells of every violation of a policy and of every call of the function that hostile texts try to call.
const WATCH = `
  window.pwned = () => window.tell("ran");
  for (const dialog of ["alert", "confirm", "prompt"]) window[dialog] = window.pwned;
  document.addEventListener("securitypolicyviolation", (event) =>
    window.tell("violation " + event.effectiveDirective + " " + event.blockedURI + " " + event.sample));
`;

(async () => {
  const { call, evaluate, until, type } = await open(devtools, (method, params) => {
    if (method === "Runtime.bindingCalled") {
      if (params.payload === "ran") ran++;
      else violations.push(params.payload);
    }
    if (method === "Runtime.exceptionThrown") violations.push(`exception ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
    if (method === "Log.entryAdded" && params.entry.source === "security") violations.push(params.entry.text);
    if (method === "Network.requestWillBeSent") {
      const url = params.request.url;
      if (!url.startsWith(origin) && !url.startsWith(origin.replace("http", "ws")) && !url.startsWith("data:") && !url.startsWith("about:")) strangers.add(url);
    }
    if (method === "Network.webSocketCreated" && !params.url.startsWith(origin.replace("http", "ws"))) strangers.add(params.url);
    if (method === "Network.responseReceived" && params.type === "Document") {
      const policy = Object.entries(params.response.headers).find(([name]) => name.toLowerCase() === "content-security-policy")?.[1] ?? "";
      if (policy.startsWith("default-src 'none'") && !policy.includes("unsafe")) policies++;
      else violations.push(`no strict policy at ${params.response.url}: ${policy}`);
    }
  });
  // Two frames and an idle moment: scripts of the page and what they set off have run.
  const settle = () => evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(done, { timeout: 500 }))))");
  const visit = async (url) => {
    await evaluate("window.old = true");
    await call("Page.navigate", { url });
    await until(url, "!window.old && document.readyState === 'complete'");
    await settle();
  };

  await call("Runtime.addBinding", { name: "tell" });
  await call("Page.addScriptToEvaluateOnNewDocument", { source: WATCH });

  await visit(inbox);
  await until("the log-in page", "location.pathname === '/login'");
  await type("input[name=email]", email);
  await type("input[name=password]", password);
  await evaluate("window.old = true; document.querySelector('form[action=\"/login\"] button[type=submit]').click()");
  await until("the inbox", "!window.old && location.pathname === '/' && document.readyState === 'complete'");
  await settle();

  const seen = new Set();
  const queue = ["/", "/docs", "/openapi.json", "/nowhere", "/conversations/nowhere", "/login", "/health"];
  let shown = 0;
  let pages = 0;
  while (queue.length > 0 && pages < 40) {
    const path = queue.shift();
    if (seen.has(path)) continue;
    seen.add(path);
    await visit(origin + path);
    pages++;
    say("visited", path);
    // Older messages come fifty at a time.
    for (let rounds = 0; rounds < 30 && (await evaluate("document.querySelector('.older a') !== null")); rounds++) {
      const count = await evaluate("document.querySelectorAll('[data-entry]').length");
      await evaluate("document.querySelector('.older a').click()");
      await until("older messages", `document.querySelectorAll('[data-entry]').length > ${count}`);
    }
    shown = Math.max(shown, await evaluate("document.querySelectorAll('[data-entry]').length"));
    // Things that scripts listen for: everything is hovered and focused once.
    await evaluate("document.querySelectorAll('[data-entry] *').forEach((it) => { for (const kind of ['mouseover', 'focus', 'toggle', 'error', 'load']) it.dispatchEvent(new Event(kind)); })");
    await settle();
    const links = await evaluate("[...document.querySelectorAll('a[href]')].map((it) => it.getAttribute('href'))");
    for (const link of links) {
      const url = new URL(link, origin + path);
      if (!["http:", "https:", "tel:", "mailto:"].includes(url.protocol)) violations.push(`a link to ${link}`);
      const own = url.origin === origin && !url.pathname.startsWith("/assets/") && !url.pathname.startsWith("/simulator") && !url.searchParams.has("before");
      if (own) queue.push(url.pathname + url.search);
    }
  }
  say("done", { ran, violations: [...new Set(violations)].slice(0, 20), strangers: [...strangers].slice(0, 20), shown, pages, policies });
})().catch((error) => {
  say("failed", String(error));
  process.exit(1);
});
