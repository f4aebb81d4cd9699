// The two browsers behind one small interface: go to a page, run a function in it, quit.

import { chromium } from 'playwright-core';
import { Builder } from 'selenium-webdriver';
import * as firefox from 'selenium-webdriver/firefox.js';
import { chromiumArgs, findChromium, findFirefox, findGeckodriver } from '../../scripts/lib/browsers.mjs';

/**
 * How to start each browser: gives `{ goto(url), run(source, ...args), quit() }`, with `source` a function's text. With the option
 * `ignoreHTTPSErrors` it takes every certificate.
 */
export const browsers = { Chromium: startChromium, Firefox: startFirefox };

const SCRIPT_TIMEOUT = 300_000;

async function startChromium(options = {}) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArgs() });
  const page = await browser.newPage(options);
  return {
    page,
    goto: (url) => page.goto(url),
    run: (source, ...args) => page.evaluate(`(${source})(...${JSON.stringify(args)})`),
    quit: () => browser.close(),
  };
}

async function startFirefox({ ignoreHTTPSErrors = false } = {}) {
  const options = new firefox.Options().setBinary(findFirefox()).addArguments('-headless');
  options.setAcceptInsecureCerts(ignoreHTTPSErrors);
  // Otherwise an attempt after a failed one at the same address is delayed by up to a minute.
  options.setPreference('network.websocket.delay-failed-reconnects', false);
  const service = new firefox.ServiceBuilder(findGeckodriver());
  const driver = await new Builder()
    .forBrowser('firefox')
    .setFirefoxOptions(options)
    .setFirefoxService(service)
    .build();
  await driver.manage().setTimeouts({ script: SCRIPT_TIMEOUT });
  return {
    driver,
    goto: (url) => driver.get(url),
    async run(source, ...args) {
      const outcome = await driver.executeAsyncScript(
        `const done = arguments[arguments.length - 1];
         Promise.resolve((${source})(...JSON.parse(arguments[0])))
           .then((value) => done({ value }), (error) => done({ error: error + ' ' + error?.stack }));`,
        JSON.stringify(args),
      );
      if (outcome.error) throw new Error(outcome.error);
      return outcome.value;
    },
    quit: () => driver.quit(),
  };
}
