// `npm run pictures`: takes the pictures of the chat that README.md shows, light and dark, of two people who talk while
// the line of one of them is cut.

import { heading, main } from './lib/log.mjs';
import { inRoot } from './lib/paths.mjs';
import { setUpAndBuild } from './lib/setup.mjs';

const view = { viewport: { width: 1280, height: 960 }, deviceScaleFactor: 1.5 };

await main(async () => {
  heading('set-up');
  await setUpAndBuild('chromium');
  // Only now are there the packages that these import.
  const { browsers } = await import('../tests/support/browsers.mjs');
  const { Person } = await import('../tests/e2e/chat/person.mjs');
  const { startChat } = await import('../tests/e2e/chat/server.mjs');
  heading('pictures');
  const chat = await startChat();
  try {
    for (const colorScheme of ['light', 'dark']) {
      const running = [await browsers.Chromium({ ...view, colorScheme }), await browsers.Chromium(view)];
      try {
        const [ada, grace] = running.map((browser) => new Person(browser));
        await talk(ada, grace, `${chat.url}`, `room-${colorScheme}`);
        await running[0].page.screenshot({ path: inRoot(`docs/images/chat-${colorScheme}.png`) });
        console.log(`docs/images/chat-${colorScheme}.png`);
      } finally {
        await Promise.all(running.map((browser) => browser.quit()));
      }
    }
  } finally {
    await chat.stop();
  }
});

async function talk(ada, grace, url, room) {
  await ada.enter(url, room, 'Ada');
  await grace.enter(url, room, 'Grace');
  await ada.say('Is anybody on this line?');
  for (const text of ['Loud and clear.', 'Cut it, if you like. I am on a train anyway.']) await grace.say(text);
  await ada.reads('Cut it, if you like. I am on a train anyway.');
  await grace.do(sendLandscape);
  await ada.sees(() => document.querySelector('figure img')?.naturalWidth);
  await ada.click('compare');
  await ada.sees(() => document.getElementById('compare').disabled);
  await ada.sees(() => !document.getElementById('compare').disabled);
  await ada.say('I cut mine a few times. You have missed nothing.');
  await grace.reads('I cut mine a few times. You have missed nothing.');
  await ada.do(() => document.getElementById('text').focus());
  await grace.do(() => document.getElementById('text').dispatchEvent(new InputEvent('input', { bubbles: true })));
}

/** Runs in the page. */
async function sendLandscape() {
  const [width, height] = [640, 360];
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  const fill = (style, draw) => {
    context.fillStyle = style;
    context.beginPath();
    draw();
    context.fill();
  };
  const gradient = (top, bottom, ...colours) => {
    const made = context.createLinearGradient(0, top, 0, bottom);
    for (const [index, colour] of colours.entries()) made.addColorStop(index, colour);
    return made;
  };
  fill(gradient(0, 220, '#134e4a', '#d97706'), () => context.rect(0, 0, width, 220));
  fill('#fef3c7', () => context.arc(395, 205, 32, Math.PI, 0));
  fill('#111827', () => {
    context.moveTo(0, 220);
    const peaks = [140, 110, 165, 150, 175, 130, 180, 155, 185, 170, 190, 160, 185, 150, 175, 145];
    for (const [index, y] of peaks.entries()) context.lineTo(index * 43, y);
    context.lineTo(width, 220);
  });
  fill(gradient(220, height, '#1f2937', '#111827'), () => context.rect(0, 220, width, height - 220));
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], 'from-the-window.png', { type: 'image/png' }));
  const picker = document.getElementById('file');
  picker.files = transfer.files;
  picker.dispatchEvent(new Event('change'));
}
