// The contrast of two colours: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio

/** The ratio of two colours as `getComputedStyle` gives them. */
export function contrast(...colours) {
  const [dark, light] = colours.map(luminance).sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour) {
  const [red, green, blue] = colour
    .match(/^rgb\((\d+), (\d+), (\d+)\)$/)
    .slice(1)
    .map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
