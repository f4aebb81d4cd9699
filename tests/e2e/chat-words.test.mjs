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

/** Returns the texts of the page, before and after joining, with more than one kind of drop, and the page's language. */
async function words(locale) {
  const context = await browser.newContext({ locale });
  const page = await context.newPage();
  await page.goto(`${chat.url}?room=words`);
  const entrance = await page.innerText('#entrance');
  let notices = '';
  await page.fill('#name', 'Ada');
  await page.press('#name', 'Enter');
  await page.waitForSelector('#switch-cut');
  await page.waitForSelector('#toggle[data-state=open]');
  const joined = await page.innerText('body');
  await page.click('#kind-plain', { force: true });
  await page.waitForSelector('#toggle[data-state=open]');
  await page.click('#kind-session', { force: true });
  await page.waitForSelector('#toggle[data-state=open]');
  for (const [index, name] of ['fin', 'blackhole', 'reconnect'].entries()) {
    await page.click(`#switch-${name}`);
    await page.waitForFunction((drops) => document.querySelectorAll('#events .drop').length > drops, index);
    notices += await page.innerText('#notice');
    await page.waitForSelector('#toggle[data-state=open]');
  }
  // The counters are read off four times a second.
  await page.waitForFunction(() => Number.parseInt(document.getElementById('stat-drops').textContent, 10) >= 3);
  const placeholder = await page.getAttribute('#text', 'placeholder');
  const seen = [entrance, joined, notices, await page.innerText('body'), placeholder].join(' ');
  const language = await page.evaluate(() => document.documentElement.lang);
  await context.close();
  return { seen, language };
}

it('a Chinese browser gets a Chinese page', async () => {
  for (const locale of ['zh-CN', 'zh-TW', 'zh']) {
    const { seen, language } = await words(locale);
    assert.equal(language, 'zh-CN');
    // Only names and technical terms are not translated.
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
