// Opens files of strangers in every way that a page or a person can, and reports where their scripts ran.
// Usage: node files.cjs DEVTOOLS_URL INBOX_URL EMAIL PASSWORD CONTROL_URL FILE_URL…
const { open, say } = require("./chromium.cjs");

const [devtools, inbox, email, password, control, ...files] = process.argv.slice(2);
const ran = new Set();

// What the files' scripts call: it tells where.
const WATCH = "window.pwned = () => window.tell(location.origin);";

(async () => {
  const { call, evaluate, until, type } = await open(devtools, (method, params) => {
    if (method === "Runtime.bindingCalled") ran.add(params.payload);
  });
  const settle = () => evaluate("new Promise((done) => requestAnimationFrame(() => requestIdleCallback(done, { timeout: 300 })))");
  await call("Runtime.addBinding", { name: "tell" });
  await call("Page.addScriptToEvaluateOnNewDocument", { source: WATCH });
  await call("Browser.setDownloadBehavior", { behavior: "deny" });

  // The same bytes as a page of somebody else's: there they run, or this test would prove nothing.
  await call("Page.navigate", { url: control });
  await until("the other server's page", `location.href.startsWith(${JSON.stringify(control)}) && document.readyState === 'complete'`);
  await settle();
  const elsewhere = [...ran];
  ran.clear();

  await call("Page.navigate", { url: inbox });
  await until("the log-in page", "document.readyState === 'complete' && location.pathname === '/login'");
  await type("input[name=email]", email);
  await type("input[name=password]", password);
  await evaluate("document.querySelector('form[action=\"/login\"] button[type=submit]').click()");
  await until("the inbox", "location.pathname === '/' && document.readyState === 'complete'");

  let opened = 0;
  for (const file of files) {
    const url = new URL(file, inbox).href;
    const status = await evaluate(`fetch(${JSON.stringify(url)}).then((answer) => answer.status)`);
    if (status !== 200) throw new Error(`${file}: ${status}`);
    // As parts of our own page.
    for (const [name, address] of [["iframe", "src"], ["object", "data"], ["embed", "src"], ["img", "src"], ["audio", "src"], ["script", "src"], ["link", "href"]]) {
      await evaluate(`new Promise((done) => {
        const part = document.createElement(${JSON.stringify(name)});
        if (${JSON.stringify(name)} === "link") part.rel = "stylesheet";
        part.addEventListener("load", done);
        part.addEventListener("error", done);
        setTimeout(done, 150);
        try {
          part[${JSON.stringify(address)}] = ${JSON.stringify(url)};
          document.body.append(part);
        } catch {
          done();
        }
      })`);
      opened++;
    }
    // As a page, in a window of its own and in this one.
    await evaluate(`void window.open(${JSON.stringify(url)})`);
    await settle();
    await call("Page.navigate", { url });
    await settle();
    opened += 2;
    await call("Page.navigate", { url: inbox });
    await until("the inbox again", "location.pathname === '/' && document.readyState === 'complete'");
  }
  say("opened", { ran: [...ran], elsewhere, opened });
})().catch((error) => {
  say("failed", String(error));
  process.exit(1);
});
