// What typed messages need beside `messages.js`: a shape for Rust's functions, and a look at data before Rust reads it.

/** The face that `Messages` needs. `post` answers with a ticket, or with 0 if the message has left. */
export const face = (post, withdraw, invalid, listen) => ({
  post(frame, told) {
    const ticket = post(frame, told);
    return ticket ? () => withdraw(ticket) : undefined;
  },
  invalid: ({ reason, issues: [{ message }] }) => invalid(reason, message),
  listen,
});

/** Whether there are no more than so many arrays and objects within one another. */
export const isWithin = (data, levels) =>
  data === null ||
  typeof data !== 'object' ||
  (levels > 0 && Object.values(data).every((part) => isWithin(part, levels - 1)));
