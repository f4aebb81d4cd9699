// What the scenes of sockets have in common.

/** The next event of a type. */
export const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

/** What `act` throws: its name and its message. */
export const thrown = (act) => {
  try {
    act();
  } catch ({ name, message }) {
    return `${name}: ${message}`;
  }
  return 'nothing';
};

/** Calls `act` and returns what it writes to the console as a warning. */
export const warnings = async (act) => {
  const { warn } = console;
  const texts = [];
  console.warn = (text) => texts.push(text);
  try {
    await act();
  } finally {
    console.warn = warn;
  }
  return texts;
};

/** Calls `act` and returns what the page hears of as uncaught errors meanwhile. */
export const uncaught = async (act) => {
  const errors = [];
  const hear = (event) => {
    event.preventDefault();
    errors.push(event.error);
  };
  addEventListener('error', hear);
  try {
    await act();
  } finally {
    removeEventListener('error', hear);
  }
  return errors;
};

/** Sends and resolves with the echo. */
export const echo = async (socket, text) => {
  const message = next(socket, 'message');
  socket.send(text);
  return (await message).data;
};
