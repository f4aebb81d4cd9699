// The chat page in the language of the browser.

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { chromium } from 'playwright-core';
import { chromiumArgs, findChromium } from '../../scripts/lib/browsers.mjs';
import { startChat } from './chat/server.mjs';

let chat;
let browser;
before(async () => {
  chat = await startChat();
  browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArgs() });
});
after(async () => {
  await browser?.close();
  await chat?.stop();
});

/** The words on the page, before and after coming in, with its line lost in more than one way, and the page's language. */
async function words(locale) {
  const context = await browser.newContext({ locale });
  const page = await context.newPage();
  await page.goto(`${chat.url}?room=words`);
  const entrance = await page.innerText('#entrance');
  let lost = '';
  await page.fill('#name', 'Ada');
  await page.press('#name', 'Enter');
  await page.waitForSelector('#switch-cut');
  await page.waitForSelector('#toggle[data-state=open]');
  const house = await page.innerText('body');
  await page.click('#kind-plain', { force: true });
  await page.waitForSelector('#toggle[data-state=open]');
  await page.click('#kind-session', { force: true });
  await page.waitForSelector('#toggle[data-state=open]');
  for (const [index, name] of ['fin', 'blackhole', 'dial'].entries()) {
    await page.click(`#switch-${name}`);
    await page.waitForFunction((losses) => document.querySelectorAll('#events .drop').length > losses, index);
    lost += await page.innerText('#notice');
    await page.waitForSelector('#toggle[data-state=open]');
  }
  // The counters are read off four times a second.
  await page.waitForFunction(() => document.getElementById('stat-drops').textContent.startsWith('3'));
  const placeholder = await page.getAttribute('#text', 'placeholder');
  const seen = [entrance, house, lost, await page.innerText('body'), placeholder].join(' ');
  const language = await page.evaluate(() => document.documentElement.lang);
  await context.close();
  return { seen, language };
}

it('a Chinese browser gets a Chinese page', async () => {
  for (const locale of ['zh-CN', 'zh-TW', 'zh']) {
    const { seen, language } = await words(locale);
    assert.equal(language, 'zh-CN');
    // What is left are names, and what a developer calls by its own name.
    const rest = new Set(seen.match(/[A-Za-z]{2,}/g));
    const known = new Set(['undrop', 'Ada', 'lobby', 'words', 'WebSocket', 'ms', 'Shift', 'AM', 'PM', 'reconnect']);
    assert.deepEqual(
      [...rest].filter((word) => !known.has(word)),
      [],
    );
  }
});

it('any other browser gets an English page', async () => {
  for (const locale of ['en-GB', 'de-DE', 'ja-JP']) {
    const { seen, language } = await words(locale);
    assert.equal(language, 'en');
    assert.match(seen, /Come in/);
    assert.doesNotMatch(seen, /[\u3400-\u9fff]/);
  }
});
