import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { describe, test } from 'vitest'
import { CommandError } from './command-error.ts'
import { startFailure } from './start-failure.ts'

const told = (error: unknown): string => {
  const failure = startFailure(error)
  assert.ok(failure instanceof CommandError)
  assert.equal(failure.exitCode, 1)
  assert.ok(!failure.message.includes('\n'))
  return failure.message
}
const systemError = (code: string, members: object = {}) =>
  Object.assign(new Error(`${code}: no`), { code, ...members })

describe('what keeps a server from starting', () => {
  test('a port that is taken', async () => {
    const first = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => first.once('listening', resolve))
    const { port } = first.address() as { port: number }
    const error = await new Promise((resolve) => createServer().once('error', resolve).listen(port, '127.0.0.1'))
    first.close()
    assert.match(
      told(error),
      new RegExp(`^the server cannot start: 127.0.0.1:${port} is in use by another program; .*--port`),
    )
  })

  test('what the operating system says, however often it was wrapped', () => {
    const wrapped = new Error('segment 7 cannot be written', { cause: systemError('ENOSPC', { path: '/data/x' }) })
    assert.match(told(wrapped), /the disk is full \(\/data\/x\)/)
    assert.match(told(systemError('EADDRNOTAVAIL', { address: '10.9.9.9' })), /no address 10\.9\.9\.9.*--host/)
    assert.match(told(systemError('EACCES', { syscall: 'listen', address: '::', port: 80 })), /:::80 may not/)
  })

  test('others in their own words, each once and on one line', () => {
    const cause = new Error('not a\n certificate')
    assert.equal(
      told(new Error('/tls.pem cannot be used', { cause })),
      'the server cannot start: /tls.pem cannot be used: not a certificate',
    )
    assert.equal(
      told(new Error('said: not a certificate', { cause })),
      'the server cannot start: said: not a certificate',
    )
  })

  test('mistakes of the program stay whole', () => {
    for (const error of [new TypeError('x is not a function'), 'text', new CommandError('told already')])
      assert.equal(startFailure(error), error)
  })
})
