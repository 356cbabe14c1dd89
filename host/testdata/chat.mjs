// Two people chat in two windows, one of them reloads, and the app is replaced meanwhile. Steps that need somebody else are asked for
// on standard output, and the answer is awaited on standard input.
//
//	node chat.mjs PLAYWRIGHT CHROMIUM URL [FOLDER FOR SCREENSHOTS]
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import assert from "node:assert/strict";

const [modules, executablePath, url, shots] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(modules);
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async what => { console.log(what); await answers.next(); };

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
const problems = [];

// window opens a window of a person's own: with cookies and storage that nobody else has.
async function window(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", error => problems.push(String(error)));
  page.on("console", message => { if (/Content.Security/.test(message.text())) problems.push(message.text()); });
  return page;
}

const shot = async (page, name) => { if (shots) await page.screenshot({ path: shots + "/" + name + ".png" }); };
const hears = (page, text) => page.locator("#log li", { hasText: text }).last().waitFor();
const connected = page => page.locator("#state.on").waitFor();

async function enter(page, name) {
  await page.goto(url);
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter" }).click();
  await connected(page);
}

async function say(page, text) {
  await page.getByLabel("Message").last().fill(text);
  await page.keyboard.press("Enter");
}

try {
  const ada = await window({ viewport: { width: 900, height: 640 } });
  const bob = await window({ viewport: { width: 390, height: 780 }, colorScheme: "dark", isMobile: true, hasTouch: true });
  await ada.goto(url);
  await shot(ada, "enter");
  await enter(ada, "Ada");
  await enter(bob, "Bob");
  await hears(ada, "Bob joined");
  await bob.getByText("2 here: Ada, Bob").waitFor();
  await say(ada, "Hello Bob! <b>not bold</b> & \"quoted\"");
  await hears(bob, '<b>not bold</b> & "quoted"');
  await say(bob, "Hi Ada, grüße aus 東京 🎉");
  await hears(ada, "grüße aus 東京 🎉");
  await say(ada, "Two\nlines, and a long word: " + "w".repeat(120));
  await hears(bob, "lines, and a long word");

  await ask("replace");
  await say(ada, "said after the app was replaced");
  await hears(bob, "said after the app was replaced");
  await say(bob, "and heard by both");
  await hears(ada, "and heard by both");
  assert.equal(await ada.locator("#log li", { hasText: "lost" }).count(), 0, "Ada's connection was lost");
  assert.equal(await bob.locator("#log li", { hasText: "lost" }).count(), 0, "Bob's connection was lost");
  await shot(ada, "ada");
  await shot(bob, "bob");

  await bob.reload();
  await connected(bob);
  await hears(ada, "Bob left");
  await hears(ada, "Bob joined");
  await bob.getByText("2 here: Ada, Bob").waitFor();
  await say(bob, "back after a reload");
  await hears(ada, "back after a reload");

  await ask("remove");
  await hears(ada, "The connection is lost");
  await ada.getByText("Reconnecting…").waitFor();
  await shot(ada, "lost");
  await ask("restore");
  await connected(ada);
  await connected(bob);
  await hears(ada, "You are back");
  await ada.getByText("2 here: Ada, Bob").waitFor();
  await say(ada, "and here we are again");
  await hears(bob, "and here we are again");
  await shot(bob, "again");
  await bob.getByRole("button", { name: "Leave" }).click();
  await hears(ada, "Bob left");
  await ada.getByText("Nobody else is here yet").waitFor();
  assert.deepEqual(problems, []);
  console.log("done");
} finally {
  await browser.close();
}
process.exit(0); // standard input is still open
