// Makes elements. What people wrote gets into the page only here, and only as text.

export const byId = (id) => document.getElementById(id);

/** An element with these properties and children; strings among them become text. */
export function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** A colour for each name, the same on everybody's page. */
export function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 65_521;
  // By the golden angle, similar sums give distant hues.
  return String((sum * 137.508) % 360);
}

/** The round picture of a person: the first letter on the person's colour. */
export function portrait(name) {
  const picture = make('span', { className: 'portrait', ariaHidden: 'true' }, [...name][0].toUpperCase());
  picture.style.setProperty('--hue', hue(name));
  return picture;
}
