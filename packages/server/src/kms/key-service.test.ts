import assert from 'node:assert/strict'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, test } from 'vitest'
import { createSecret } from '../config/index.ts'
import { startServer } from '../http/http.testing.ts'
import { createBuiltInKeyService } from './built-in-key-service.ts'
import { keyServiceContract, type KeyServiceUnderTest } from './key-service.contract.ts'
import { KeyServiceError, type KeyService, type KeyUser } from './key-service.ts'
import { createKmsClient } from './kms-client.ts'
import { account, credentialOf, openKmsWorld, people, region, type KmsWorld } from './kms.testing.ts'
import { createRemoteKeyService } from './remote-key-service.ts'

const user: KeyUser = { kind: 'account', account, arn: people.alice.arn }

const under = (world: KmsWorld, service: KeyService): KeyServiceUnderTest => ({
  service,
  account,
  region,
  user,
  heedsPolicies: true,
  heedsStates: true,
  createKey: async (Policy) => (await world.createKey({ Policy, BypassPolicyLockoutSafetyCheck: true })).arn,
  createAlias: async (AliasName, TargetKeyId) => void (await world.ok('CreateAlias', { AliasName, TargetKeyId })),
  disable: async (KeyId) => void (await world.ok('DisableKey', { KeyId })),
  scheduleDeletion: async (KeyId) => void (await world.ok('ScheduleKeyDeletion', { KeyId })),
  rotate: async (KeyId) => void (await world.ok('RotateKeyOnDemand', { KeyId })),
})

const clientOf = (endpoint: string, timeoutMs?: number) => {
  const { accessKeyId, secretAccessKey } = credentialOf('alice')
  const credentials = { accessKeyId, secretAccessKey: createSecret(secretAccessKey) }
  return createKmsClient({
    endpoint,
    credentials,
    wall: () => Date.now(),
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
}

keyServiceContract('built in', async () => {
  const world = await openKmsWorld()
  return under(world, createBuiltInKeyService(world.keys))
})

keyServiceContract('a remote one, here the built-in front over HTTP', async () => {
  const world = await openKmsWorld()
  const route = { method: 'POST', path: '/', handle: world.front.handle }
  const { server } = await startServer({ routes: [route] })
  const client = clientOf(server.url)
  return {
    ...under(world, createRemoteKeyService(client)),
    async close() {
      client.close()
      await server.close(0)
    },
  }
})

describe('a remote key service that misbehaves', () => {
  const arn = `arn:aws:kms:${region}:${account}:key/00000000-0000-4000-8000-000000000000`

  /** The code of what comes out of a data key that is asked for there. */
  async function codeFrom(listener: RequestListener, timeoutMs = 30_000): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeoutMs)
    try {
      await createRemoteKeyService(client).generateDataKey(arn, {}, user)
      return 'made'
    } catch (error) {
      assert.ok(error instanceof KeyServiceError, String(error))
      return error.code
    } finally {
      client.close()
      server.closeAllConnections()
      server.close()
    }
  }

  test('is told apart by its code, with a namespace or without', async () => {
    for (const type of ['com.amazonaws.kms#DisabledException', 'DisabledException'])
      assert.equal(
        await codeFrom((_, answer) => void answer.writeHead(400).end(JSON.stringify({ __type: type }))),
        'DisabledException',
      )
  })

  test('never gets more into memory than an answer needs, and nothing but JSON objects and keys of 32 bytes', async () => {
    const short = { KeyId: arn, Plaintext: Buffer.alloc(16).toString('base64'), CiphertextBlob: 'AAAA' }
    const answers = ['x'.repeat(1_000_000), '', '<html>', '[]', '{}', 'null', JSON.stringify(short)]
    for (const body of answers)
      assert.equal(
        await codeFrom((_, answer) => void answer.writeHead(200).end(body)),
        'InvalidResponse',
        body.slice(0, 9),
      )
    assert.equal(await codeFrom((_, answer) => void answer.writeHead(502).end('bad gateway')), 'InvalidResponse')
  })

  test('that redirects is not followed', async () => {
    const seen: string[] = []
    const code = await codeFrom((request, answer) => {
      seen.push(request.url!)
      answer.writeHead(307, { location: '/elsewhere' }).end()
    })
    assert.deepEqual([code, seen], ['InvalidResponse', ['/']])
  })

  test('that says nothing, or hangs up, is given up', async () => {
    assert.equal(await codeFrom(() => {}, 50), 'RequestTimeout')
    assert.equal(await codeFrom((request) => void request.socket.destroy()), 'NetworkingError')
  })
})
