import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { Validator } from '@seriousme/openapi-schema-validator'

import { root } from '../steps/command.mjs'
import { faultsOf } from './answers.mjs'

const document = {
  paths: {
    '/a': { get: { operationId: 'a.get' }, put: { operationId: 'a.set' } },
    '/call': { post: { operationId: 'service.call' } },
  },
}

test('every operation must have answered, and as declared', () => {
  assert.deepEqual(faultsOf(['ok a.get', 'failed a.get CONFLICT', 'ok a.set', ''], document), [])
  assert.deepEqual(faultsOf(['ok a.get', 'failed a.set CONFLICT'], document), [
    'no test had an answer of a.set',
  ])
  const wrong = 'wrong a.set: /b 1 is not of type "string"'
  assert.deepEqual(faultsOf(['ok a.get', wrong, wrong, 'ok a.set'], document), [wrong])
})

test('the document is valid OpenAPI 3.1', async () => {
  const text = await readFile(join(root, 'openapi.json'), 'utf8')
  const validator = new Validator()
  const { valid, errors } = await validator.validate(JSON.parse(text))
  assert.equal(valid, true, JSON.stringify(errors, null, 2))
  assert.equal(validator.version, '3.1')
  const broken = JSON.parse(text)
  Object.values(broken.paths)[0].get.responses = []
  assert.equal((await new Validator().validate(broken)).valid, false)
})
