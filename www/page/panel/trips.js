// The live plot of the last minute: each round trip is a point, each drop a mark, and the states are a band below them.

import { byId } from '../elements.js';
import { locale, words } from '../words.js';

const MINUTE = 60_000;
const canvas = byId('trips');
/** In milliseconds. The scale is logarithmic, as a local connection and a slow one differ by a factor of a thousand. */
const [LEAST, MOST] = [0.3, 3_000];
const GRID = [1, 10, 100, 1_000];

const TRIP = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
export const milliseconds = (time) => `${TRIP.format(time)} ms`;

export function showTrips(connection, score) {
  let trips = [];
  /** The states, each with the time of its beginning, the oldest first. */
  let states = [];
  let drops = [];
  const now = () => performance.now();

  const add = ({ detail }) => {
    trips.push({ at: now(), time: detail });
    byId('trip').textContent = words['trip-summary'](milliseconds(detail));
  };
  connection.addEventListener('answer', add);
  score.addEventListener('trip', add);
  // It is the round trip of the present kind of socket.
  connection.addEventListener('switch', () => {
    byId('trip').textContent = '';
  });
  connection.addEventListener('statechange', () => {
    const { state } = connection.socket;
    if (states.at(-1)?.state !== state) states.push({ at: now(), state });
  });
  for (const type of ['drop', 'close']) connection.addEventListener(type, () => drops.push(now()));

  const draw = () => {
    // A hidden plot is not drawn. Its points are kept.
    if (document.hidden || !canvas.clientWidth) return;
    const from = now() - MINUTE;
    trips = trips.filter(({ at }) => at > from);
    drops = drops.filter((at) => at > from);
    // The last state before the plotted minute is the state at its beginning.
    states = states.filter((_, index) => states[index + 1] === undefined || states[index + 1].at > from);
    paint(from, { trips, states, drops });
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  setInterval(draw, matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 100);
}

function paint(from, { trips, states, drops }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(`--${name}`);
  const context = canvas.getContext('2d');
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);

  const band = 6;
  const x = (at) => ((at - from) / MINUTE) * width;
  const share = (time) => Math.log(Math.min(Math.max(time, LEAST), MOST) / LEAST) / Math.log(MOST / LEAST);
  const y = (time) => (height - band - 6) * (1 - share(time)) + 3;

  context.font = `10px ${style.fontFamily}`;
  context.fillStyle = colour('faint');
  context.strokeStyle = colour('rule');
  context.lineWidth = 1;
  for (const time of GRID) {
    const level = Math.round(y(time)) + 0.5;
    context.beginPath();
    context.moveTo(0, level);
    context.lineTo(width, level);
    context.stroke();
    context.fillText(time < 1_000 ? `${time} ms` : `${time / 1_000} s`, 2, level - 2);
  }

  const colours = { open: colour('good'), closed: colour('bad'), closing: colour('bad') };
  for (const [index, { at, state }] of states.entries()) {
    const [left, right] = [Math.max(x(at), 0), x(states[index + 1]?.at ?? from + MINUTE)];
    context.fillStyle = colours[state] ?? colour('busy');
    context.fillRect(left, height - band, Math.max(right - left, 1), band);
  }

  context.fillStyle = colour('bad');
  for (const at of drops) context.fillRect(Math.round(x(at)), 0, 1.5, height - band);

  context.fillStyle = colour('accent');
  for (const { at, time } of trips) {
    context.beginPath();
    context.arc(x(at), y(time), 2, 0, Math.PI * 2);
    context.fill();
  }
}
