// Runs the browser's profiler, and finds for each of its samples the place in the sources.

import { locator } from '../../scripts/sizes/source-map.mjs';

/** In microseconds. */
const INTERVAL = 50;

/** Runs `work` under the profiler of the target that `send` talks to, and returns its samples as lists of frames, innermost first. */
export async function profiled(send, work) {
  await send('Profiler.enable');
  await send('Profiler.setSamplingInterval', { interval: INTERVAL });
  await send('Profiler.start');
  await work();
  const { profile } = await send('Profiler.stop');
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  return profile.samples.map((id, index) => {
    const frames = [];
    for (let at = id; at !== undefined; at = parents.get(at)) frames.push(nodes.get(at).callFrame);
    return { frames, time: profile.timeDeltas[index] / 1_000 };
  });
}

/** Returns a function that names the place of a frame. `bundles`: the `{ code, map }` of each bundle, by its path. */
export function placer(bundles) {
  const locators = new Map(Object.entries(bundles).map(([path, { code, map }]) => [path, locator(code, map)]));
  const sources = new Map();
  for (const { map } of Object.values(bundles)) {
    const { sources: names, sourcesContent } = JSON.parse(map);
    for (const [index, name] of names.entries()) sources.set(name, sourcesContent[index].split('\n'));
  }
  return ({ functionName, url, lineNumber, columnNumber }) => {
    if (url.startsWith('wasm:')) return 'the WebAssembly module';
    if (!url && functionName) return functionName.startsWith('(') ? functionName : `the browser's ${functionName}`;
    const [path] = url.match(/\/(contenders\/)?[^/?]*(?=\?|$)/) ?? [];
    const found = locators.get(path)?.(lineNumber, columnNumber);
    if (!found?.source || /^(page|contenders)\//.test(found.source)) return 'the application';
    const [file = 'what decodes the module'] = found.source.match(/(npm|src)\/.*/) ?? [];
    return `${file}: ${nameIn(sources.get(found.source)[found.line - 1])}`;
  };
}

/** The name of the function that a line of source declares. */
const nameIn = (line) => line.match(/([#\w$]+)\s*(?:=|\()/)?.[1] ?? line.trim();
