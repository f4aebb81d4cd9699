// Real keys, for the page and for the browser around it.

import { Key } from 'selenium-webdriver';

/** `shortcut` is a letter's with Control. */
export function keyboard({ page, driver }) {
  if (page)
    return {
      type: (text) => page.keyboard.type(text),
      press: (key) => page.keyboard.press(key),
      shortcut: (letter) => page.keyboard.press(`Control+${letter}`),
    };
  const send = (keys) => driver.actions().sendKeys(keys).perform();
  return {
    type: send,
    press: (key) => send(Key[key.toUpperCase()]),
    shortcut: (letter) => driver.actions().keyDown(Key.CONTROL).sendKeys(letter).keyUp(Key.CONTROL).perform(),
  };
}
