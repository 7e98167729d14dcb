import { describe } from 'vitest'
import { createSecret } from '../../packages/server/src/config/index.ts'
import { createKmsClient, createRemoteKeyService } from '../../packages/server/src/kms/index.ts'
import { keyServiceContract } from '../../packages/server/src/kms/key-service.contract.ts'
import { hasMoto, startMoto } from '../s3-server.ts'
import { skipped } from '../skip.ts'

// A KMS that nobody here wrote, and which checks little: what the remote key service sends has to be what it understands.
const region = 'eu-west-1'
const account = '123456789012'
/** Here it does not take ARNs. */
const idOf = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1)

if (!hasMoto())
  skipped('the remote key service against moto', 'moto is not installed: node scripts/install-clients.mjs')

describe.skipIf(!hasMoto())('the remote key service', () => {
  keyServiceContract('moto', async () => {
    const moto = await startMoto()
    const { accessKeyId, secretAccessKey } = moto.credentials
    const credentials = { accessKeyId, secretAccessKey: createSecret(secretAccessKey) }
    const client = createKmsClient({ endpoint: moto.endpoint, credentials, wall: () => Date.now(), timeoutMs: 60_000 })
    return {
      service: createRemoteKeyService(client),
      account,
      region,
      user: { kind: 'account', account, arn: `arn:aws:iam::${account}:root` },
      heedsPolicies: false,
      heedsStates: false,
      async createKey() {
        const { KeyMetadata } = await client.call(region, 'CreateKey', {})
        return (KeyMetadata as { Arn: string }).Arn
      },
      createAlias: async (AliasName, TargetKeyId) =>
        void (await client.call(region, 'CreateAlias', { AliasName, TargetKeyId })),
      disable: async (arn) => void (await client.call(region, 'DisableKey', { KeyId: idOf(arn) })),
      scheduleDeletion: async (arn) => void (await client.call(region, 'ScheduleKeyDeletion', { KeyId: idOf(arn) })),
      async close() {
        client.close()
        await moto.close()
      },
    }
  })
})
