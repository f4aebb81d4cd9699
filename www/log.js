// The log: messages as they come, those of one person together, the newest in sight unless one reads back.

/** As many stay on the page; the rest is history. */
const MOST = 500;
/** What the same person says within this time stands together. */
const TOGETHER = 5 * 60_000;

const log = document.getElementById('log');
const empty = document.getElementById('empty');
const newest = document.getElementById('newest');
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });

/** @type {{ from: string, at: number } | undefined} */
let previous;
/** Whether the newest message is to stay in sight. */
let following = true;

/** Shows this history and nothing else. */
export function showHistory(messages, me) {
  // It is there to be read, not to be read out.
  log.ariaLive = 'off';
  log.replaceChildren();
  previous = undefined;
  empty.hidden = false;
  for (const message of messages) showMessage(message, me);
  showLast();
  requestAnimationFrame(() => {
    log.ariaLive = 'polite';
  });
}

/** Appends one message. Whatever a person wrote gets into the page as text alone. */
export function showMessage({ from, text, at }, me) {
  const item = document.createElement('li');
  item.classList.toggle('mine', from === me);
  if (previous?.from !== from || at - previous.at > TOGETHER) {
    item.classList.add('first');
    item.append(heading(from, at));
  }
  const words = document.createElement('p');
  words.textContent = text;
  words.title = calendar.format(at);
  item.append(words);
  log.append(item);
  previous = { from, at };
  empty.hidden = true;
  if (log.childElementCount > MOST) log.firstElementChild.remove();
  if (following) showLast();
  else newest.hidden = false;
}

/** Scrolls to the newest message. */
export function showLast() {
  following = true;
  log.scrollTop = log.scrollHeight;
  newest.hidden = true;
}

function heading(from, at) {
  const line = document.createElement('div');
  line.className = 'heading';
  const who = document.createElement('strong');
  who.textContent = from;
  who.style.setProperty('--hue', hue(from));
  const when = document.createElement('time');
  when.dateTime = new Date(at).toISOString();
  when.textContent = clock.format(at);
  line.append(who, when);
  return line;
}

/** A colour for each name, the same on everybody's page. */
function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 65_521;
  // The golden angle sets neighbours far apart.
  return (sum * 137.508) % 360;
}

log.addEventListener('scroll', () => {
  following = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  if (following) newest.hidden = true;
});
// A phone's keyboard, a growing field and a notice all take room from the log.
new ResizeObserver(() => {
  if (following) showLast();
}).observe(log);
newest.addEventListener('click', showLast);
