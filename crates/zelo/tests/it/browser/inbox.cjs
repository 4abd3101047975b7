// Works in the inbox as a person would, in a Chromium that is told what to do over its DevTools protocol.
// Usage: node inbox.cjs DEVTOOLS_URL INBOX_URL EMAIL PASSWORD FIRST_TEXT LIVE_TEXT ANSWER
const { open, say } = require("./chromium.cjs");

const [devtools, inbox, email, password, first, live, answer] = process.argv.slice(2);
const problems = [];

(async () => {
  const { call, evaluate, until, type } = await open(devtools, (method, params) => {
    if (method === "Runtime.exceptionThrown") problems.push(params.exceptionDetails.text);
    // Scripts that fail, files that are missing, and whatever the page's own policy forbids.
    if (method === "Log.entryAdded" && params.entry.level === "error") {
      problems.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    }
  });
  const shows = (text) => `document.body.innerText.includes(${JSON.stringify(text)})`;
  await call("Network.setExtraHTTPHeaders", { headers: { "Accept-Language": "pt-BR,pt;q=0.9" } });

  await call("Page.navigate", { url: inbox });
  await until("the log-in page", "document.readyState === 'complete' && location.pathname === '/login'");
  await type("input[name=email]", email);
  await type("input[name=password]", password);
  await evaluate("document.querySelector('form[action=\"/login\"] button[type=submit]').click()");
  await until("the conversation in the list", `location.pathname === '/' && ${shows(first)}`);
  await evaluate("window.stayed = true");
  say("logged_in", { cookies: await evaluate("document.cookie") });

  await until("the live message", shows(live));
  say("saw_live", { reloaded: (await evaluate("window.stayed === true")) !== true });

  await evaluate("document.querySelector('a.conversation').click()");
  await until("the thread", "document.querySelector('#composer textarea') !== null");
  await type("#composer textarea", answer);
  await evaluate("document.querySelector('#composer button[type=submit]').click()");
  const mine = `[...document.querySelectorAll('[data-entry]')].filter((it) => it.querySelector('.text')?.innerText === ${JSON.stringify(answer)})`;
  await until("the two ticks of the own answer", `${mine}.some((it) => it.querySelector('.tick.is-delivered'))`);
  say("answered", { problems, bubbles: await evaluate(`${mine}.length`), language: await evaluate("document.documentElement.lang") });
})().catch((error) => {
  say("failed", String(error));
  process.exit(1);
});
