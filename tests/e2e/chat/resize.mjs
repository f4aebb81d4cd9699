/** Makes the browser's window as large as a phone's, or a desk's. */
export async function resize({ page, driver }, width, height) {
  if (page) await page.setViewportSize({ width, height });
  else await driver.manage().window().setRect({ width, height });
}
