// A page whose console a test reads.

/**
 * Markup for the head of a page: what is then said on its console is kept, and errors that nobody catches are said there. In
 * the page `logged(count)` resolves with the lines, once there are so many.
 */
export const keepsConsole = `<script>
  const logs = [];
  let more = () => {};
  const keep = (text) => { logs.push(String(text)); more(); };
  globalThis.logged = async (count) => {
    while (logs.length < count) await new Promise((resolve) => { more = resolve; });
    return logs;
  };
  console.log = keep;
  addEventListener('error', ({ message }) => keep(message));
  addEventListener('unhandledrejection', ({ reason }) => keep(reason));
</script>`;

/** So many lines of the console of the page that this browser shows. */
export const logged = (browser, count) => browser.run('(count) => logged(count)', count);
