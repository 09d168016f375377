import assert from 'node:assert/strict'
import { test } from 'node:test'

import { circlesOf, planOf } from './plan.mjs'
import { faultsOf } from './rules.mjs'

const plan = (sources) => planOf(new Map(Object.entries(sources)))
const imports = (files, path) => [...files.get(path).imports].sort()

test('imports are seen in every spelling, and through what modules hand on', () => {
  const files = plan({
    'lib.rs': 'pub mod a; mod b; mod c;',
    'a.rs': `
      use crate::{b::{One, deep::Two as Other}, c};
      use std::fmt;
      fn f() { super::b::deep::g("crate::x::y"); c::h('"'); }`,
    'b/mod.rs': 'mod deep; mod far; pub use self::far::One; pub use deep::Two;',
    'b/deep.rs': 'use super::One; pub struct Two; // crate::a::f',
    'b/far.rs': 'pub(crate) struct One;',
    'c.rs': 'use crate::b; fn h() { b::One } /* crate::a */',
  })
  assert.deepEqual(imports(files, 'a.rs'), ['b/deep.rs', 'b/far.rs', 'c.rs'])
  assert.deepEqual(imports(files, 'b/mod.rs'), ['b/deep.rs', 'b/far.rs'])
  assert.deepEqual(imports(files, 'b/deep.rs'), ['b/far.rs'])
  assert.deepEqual(imports(files, 'b/far.rs'), [])
  assert.deepEqual(imports(files, 'c.rs'), ['b/mod.rs'])
})

test('tests are no part of it', () => {
  const files = plan({
    'lib.rs': 'mod a; mod b; #[cfg(test)] mod tests;',
    'a.rs': `
      #[cfg(test)]
      mod tests { use crate::b::B; fn f() { if true {} } }
      #[cfg(test)]
      use crate::b;
      fn after() { crate::lib_is_no_module() }`,
    'b.rs': 'use crate::a;',
    'tests.rs': 'use crate::a; mod more;',
    'tests/more.rs': '',
  })
  assert.deepEqual([...files.keys()], ['lib.rs', 'a.rs', 'b.rs'])
  assert.deepEqual(imports(files, 'a.rs'), ['lib.rs'])
})

test('a circle is found by way of others, and its size is told', () => {
  const ring = (length) => {
    const names = Array.from({ length }, (_, n) => `m${n}`)
    const files = names.map((name, n) => [
      `${name}.rs`,
      `use crate::${names[(n + 1) % length]}::X;`,
    ])
    const modules = names.map((name) => `mod ${name};`).join('')
    return plan({ 'lib.rs': modules, ...Object.fromEntries(files) })
  }
  assert.equal(circlesOf(ring(7))[0].length, 7)
  assert.match(faultsOf(ring(7)).join(), /^7 files import each other/)
  assert.deepEqual(faultsOf(ring(6)), [])
})

test('every floor may import from those below it, and from no other', () => {
  const floors = 'bindings api operations request service access registry pool backend'.split(' ')
  for (const [n, upper] of floors.entries()) {
    for (const [m, lower] of [...floors, 'json'].entries()) {
      const files = plan({
        'lib.rs': `mod ${upper}; mod ${lower};`,
        [`${upper}/mod.rs`]: `use crate::${lower}::x;`,
        [`${lower}/mod.rs`]: upper === lower ? 'use crate::error;' : '',
      })
      assert.equal(faultsOf(files).length, m < n ? 1 : 0, `${upper} ${lower}`)
    }
  }
})

test('crowds and names that are used twice are told', () => {
  const names = Array.from({ length: 16 }, (_, n) => `f${n}`)
  const modules = names.map((name) => `mod ${name};`).join('')
  const files = plan({
    'lib.rs': 'mod backend;',
    'backend/mod.rs': 'mod redis; mod http;',
    'backend/redis/mod.rs': modules,
    'backend/http/mod.rs': 'pub struct Kind;',
    ...Object.fromEntries(names.map((name) => [`backend/redis/${name}.rs`, ''])),
    'backend/redis/f1.rs': 'pub(super) enum Kind {}',
    'backend/redis/f2.rs': 'pub trait Kind {}',
  })
  assert.deepEqual(faultsOf(files), [
    'backend/redis has 16 files beside each other',
    'backend/redis: Kind is declared in backend/redis/f1.rs, backend/redis/f2.rs',
  ])
})
