// `node --test scripts/lint/circles.test.mjs`

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { circles } from './circles.mjs';

/** The groups of files that import each other, of a crate of these files. */
function found(t, files) {
  const folder = mkdtempSync(join(tmpdir(), 'circles-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, source] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), source);
  }
  return circles(folder).map((circle) => circle.files);
}

test('modules that import each other are a circle, through whatever path', (t) => {
  assert.deepEqual(
    found(t, { 'lib.rs': 'mod a; mod b;', 'a.rs': 'use crate::b::B;', 'b.rs': 'fn b() { crate::a::a(); }' }),
    [['a.rs', 'b.rs']],
  );
  assert.deepEqual(
    found(t, {
      'lib.rs': 'mod a; mod b; mod c;',
      'a.rs': 'use super::{b::B, c};',
      'b.rs': '',
      'c.rs': 'use super::a as other;',
    }),
    [['a.rs', 'c.rs']],
  );
  const reexported = {
    'lib.rs': 'mod a; mod b; pub use a::A; pub use b::B;',
    'a.rs': 'use crate::B;',
    'b.rs': 'use crate::A;',
  };
  assert.deepEqual(found(t, reexported), [['a.rs', 'b.rs']]);
});

test('imports one way are none', (t) => {
  assert.deepEqual(found(t, { 'lib.rs': 'mod a; mod b;', 'a.rs': 'use crate::b::B;', 'b.rs': 'use std::fmt;' }), []);
});

test('a child that takes what its parent defines, while the parent takes from the child, is a circle', (t) => {
  const child = { 'lib.rs': 'mod a;', 'a/b.rs': 'use super::A; pub struct B;' };
  assert.deepEqual(found(t, { ...child, 'a.rs': 'mod b; use b::B; pub struct A;' }), [['a.rs', 'a/b.rs']]);
  assert.deepEqual(found(t, { ...child, 'a.rs': 'mod b; pub struct A; fn f() -> b::B { b::B }' }), [
    ['a.rs', 'a/b.rs'],
  ]);
  assert.deepEqual(found(t, { ...child, 'a.rs': 'mod b; pub use b::B; pub struct A;' }), []);
});

test('a child that takes what its parent re-exports from a sibling imports the sibling', (t) => {
  const files = {
    'lib.rs': 'mod a;',
    'a.rs': 'mod b; mod c; pub use b::B; pub use c::C;',
    'a/c.rs': 'use super::B; pub struct C;',
  };
  assert.deepEqual(found(t, { ...files, 'a/b.rs': 'pub struct B;' }), []);
  assert.deepEqual(found(t, { ...files, 'a/b.rs': 'use super::C; pub struct B;' }), [['a/b.rs', 'a/c.rs']]);
});

test('tests, comments and strings import nothing', (t) => {
  const b =
    '// use crate::a::A;\nconst B: &str = "crate::a::A { ";\n#[cfg(test)]\nmod tests { use crate::a::A; fn f() {} }\n';
  assert.deepEqual(found(t, { 'lib.rs': 'mod a; mod b;', 'a.rs': 'use crate::b::B;', 'b.rs': b }), []);
  assert.deepEqual(
    found(t, { 'lib.rs': 'mod a; mod b;', 'a.rs': 'use crate::b::B;', 'b.rs': `${b}use crate::a::A;` }),
    [['a.rs', 'b.rs']],
  );
});
