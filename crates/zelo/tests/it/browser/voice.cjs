// Records a voice message in the inbox, sends it, and plays what came back: Chromium's own decoder is the judge.
// Usage: node voice.cjs DEVTOOLS_URL INBOX_URL EMAIL PASSWORD FIRST_TEXT
const { open, say } = require("./chromium.cjs");

const [devtools, inbox, email, password, first] = process.argv.slice(2);
const problems = [];

(async () => {
  const { call, evaluate, until, type } = await open(devtools, (method, params) => {
    if (method === "Runtime.exceptionThrown") problems.push(params.exceptionDetails.text);
    if (method === "Log.entryAdded" && params.entry.level === "error") {
      problems.push(`${params.entry.text} ${params.entry.url ?? ""}`);
    }
  });
  const key = async (name, code) => {
    for (const kind of ["keyDown", "keyUp"]) {
      await call("Input.dispatchKeyEvent", { type: kind, key: name, code: name, windowsVirtualKeyCode: code, ...(name === "Enter" && kind === "keyDown" ? { text: "\r" } : {}) });
    }
  };
  const shown = (id) => `document.getElementById(${JSON.stringify(id)})?.checkVisibility()`;
  const seconds = (count) => `document.querySelector('#recording [data-length]').textContent >= '0:0${count}'`;
  await call("Network.setExtraHTTPHeaders", { headers: { "Accept-Language": "pt-BR,pt;q=0.9" } });

  await call("Page.navigate", { url: inbox });
  await until("the log-in page", "document.readyState === 'complete' && location.pathname === '/login'");
  await type("input[name=email]", email);
  await type("input[name=password]", password);
  await evaluate("document.querySelector('form[action=\"/login\"] button[type=submit]').click()");
  await until("the conversation in the list", `location.pathname === '/' && document.body.innerText.includes(${JSON.stringify(first)})`);
  await evaluate("document.querySelector('a.conversation').click()");
  await until("the button", shown("record"));

  // With the keyboard alone: one recording is thrown away, the next one sent.
  await evaluate("document.getElementById('record').focus()");
  await key("Enter", 13);
  await until("the recording", shown("recording"));
  const label = await evaluate("document.activeElement.textContent.trim()");
  await key("Escape", 27);
  await until("the button again", `!${shown("recording")} && document.activeElement.id === 'record'`);
  await key("Enter", 13);
  await until("two seconds", seconds(2));
  await key("Enter", 13);
  await until("the sent message", "document.querySelector('[data-entry].is-out audio.player') !== null");

  // Two channels of nothing would decode as well: the loudest sample says that something is heard.
  const played = await evaluate(`(async () => {
    const { src } = document.querySelector('[data-entry].is-out audio.player');
    const bytes = await (await fetch(src)).arrayBuffer();
    const decoded = await new AudioContext().decodeAudioData(bytes.slice(0));
    const loudest = decoded.getChannelData(0).reduce((most, it) => Math.max(most, Math.abs(it)), 0);
    const player = document.querySelector('[data-entry].is-out audio.player');
    const ended = new Promise((done) => player.addEventListener('ended', done, { once: true }));
    player.playbackRate = 4;
    player.muted = true;
    await player.play();
    await ended;
    return {
      magic: new TextDecoder().decode(bytes.slice(0, 4)), channels: decoded.numberOfChannels, seconds: decoded.duration,
      loudest, player: player.duration, bars: document.querySelectorAll('[data-entry].is-out svg.waveform').length,
    };
  })()`);
  const left = await evaluate("document.querySelectorAll('[data-entry].is-out').length");

  // Without a microphone that may be used the page says why.
  await call("Browser.setPermission", { permission: { name: "microphone" }, setting: "denied", origin: new URL(inbox).origin });
  await call("Page.reload");
  await until("the reason", shown("no-recording"));
  const reason = await evaluate("document.getElementById('no-recording').textContent");
  say("heard", { problems, label, played, messages: left, reason, button: await evaluate(shown("record")) });
})().catch((error) => {
  say("failed", String(error));
  process.exit(1);
});
