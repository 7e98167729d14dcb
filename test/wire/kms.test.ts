import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { signRequest } from '../../packages/server/src/auth/index.ts'
import { createSecret } from '../../packages/server/src/config/index.ts'
import { createKmsClient } from '../../packages/server/src/kms/index.ts'
import type { RunningServer } from '../../packages/server/src/main.ts'
import { awsPath, hasAwsCli, hasBoto3, pythonPath } from '../clients.ts'
import { skipped } from '../skip.ts'
import { account, clientEnvironment, startTestServer } from './test-server.ts'

const run = promisify(execFile)
let server: RunningServer
let directory: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'opentrail-kms-'))
  server = await startTestServer()
})
afterAll(async () => {
  await server.close()
  rmSync(directory, { recursive: true, force: true })
})

const awsCli = hasAwsCli()
if (!awsCli) skipped('KMS by the AWS CLI', 'the AWS CLI is not installed: node scripts/install-clients.mjs')
const boto3 = hasBoto3()
if (!boto3) skipped('KMS by boto3', 'boto3 is not installed: node scripts/install-clients.mjs')

/** A Python process takes seconds to load on a busy machine, and each command is one. */
const timeout = 240_000

test('when virtual time passes, keys are rotated and destroyed, with events of their own', { timeout }, async () => {
  const credentials = { accessKeyId: 'test', secretAccessKey: createSecret('test') }
  const client = createKmsClient({ endpoint: server.endpoint, credentials, wall: () => Date.now(), timeoutMs: 60_000 })
  const call = (operation: string, input: object) => client.call('us-east-1', operation, input)
  try {
    const newKey = async () => ((await call('CreateKey', {}))['KeyMetadata'] as { KeyId: string }).KeyId
    const [kept, doomed] = [await newKey(), await newKey()]
    await call('EnableKeyRotation', { KeyId: kept, RotationPeriodInDays: 90 })
    await call('ScheduleKeyDeletion', { KeyId: doomed, PendingWindowInDays: 7 })
    const body = JSON.stringify({ milliseconds: 91 * 86_400_000 })
    const advanced = await fetch(`${server.endpoint}/test/clock/advance`, { method: 'POST', body })
    assert.equal(advanced.status, 200, await advanced.text())
    await assert.rejects(call('DescribeKey', { KeyId: doomed }), { code: 'NotFoundException' })
    const { Rotations } = await call('ListKeyRotations', { KeyId: kept })
    assert.equal((Rotations as unknown[]).length, 1)
  } finally {
    client.close()
  }
  for (const name of ['RotateKey', 'DeleteKey']) {
    const [event] = await eventsNamed(name)
    assert.equal(event!['eventType'], 'AwsServiceEvent')
    assert.equal(event!['eventSource'], 'kms.amazonaws.com')
  }
})

/** As LookupEvents finds them. */
async function eventsNamed(name: string): Promise<Record<string, unknown>[]> {
  const input = { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: name }] }
  const body = Buffer.from(JSON.stringify(input))
  const unsigned = {
    method: 'POST',
    target: '/',
    body,
    headers: {
      host: new URL(server.endpoint).host,
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'CloudTrail_20131101.LookupEvents',
    },
  }
  const identity = { accessKeyId: 'test', secretAccessKey: 'test', region: 'us-east-1', service: 'cloudtrail' }
  const headers = signRequest(unsigned, identity, Date.now())
  const answer = await fetch(server.endpoint, { method: 'POST', headers, body })
  const { Events } = (await answer.json()) as { Events: { CloudTrailEvent: string }[] }
  return Events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent) as Record<string, unknown>)
}

describe.skipIf(!awsCli)('KMS by the AWS CLI', () => {
  /** `command`: words without spaces in them. */
  const aws = async (command: string, ...args: string[]): Promise<string> =>
    (
      await run(awsPath, [...command.split(' '), ...args, '--output', 'text'], { env: clientEnvironment(server) })
    ).stdout.trim()

  test('makes a key, names it, and encrypts and decrypts a file', { timeout }, async () => {
    const id = await aws('kms create-key --description logs --query KeyMetadata.KeyId')
    await aws('kms create-alias --alias-name alias/logs --target-key-id', id)
    const secret = join(directory, 'secret')
    writeFileSync(secret, 'a secret text')
    const context = ['--encryption-context', 'Department=IT,Purpose=Test']
    const encrypting = 'kms encrypt --key-id alias/logs --query CiphertextBlob --plaintext'
    const sealed = await aws(encrypting, `fileb://${secret}`, ...context)
    const blob = join(directory, 'blob')
    writeFileSync(blob, Buffer.from(sealed, 'base64'))
    const decrypting = ['kms decrypt --query Plaintext --ciphertext-blob', `fileb://${blob}`] as const
    assert.equal(Buffer.from(await aws(...decrypting, ...context), 'base64').toString(), 'a secret text')
    await assert.rejects(aws(...decrypting), /InvalidCiphertextException/)
    const events = await aws(
      'cloudtrail lookup-events --query Events[].CloudTrailEvent --lookup-attributes',
      'AttributeKey=EventSource,AttributeValue=kms.amazonaws.com',
    )
    for (const name of ['CreateKey', 'CreateAlias', 'Encrypt', 'Decrypt'])
      assert.match(events, new RegExp(`"eventName":"${name}"`))
    assert.ok(!events.includes('a secret text') && !events.includes(sealed))
  })

  test('shows errors in the usual words', { timeout }, async () => {
    await assert.rejects(
      aws('kms describe-key --key-id alias/none'),
      new RegExp(`\\(NotFoundException\\).*Alias arn:aws:kms:us-east-1:${account}:alias/none is not found`),
    )
  })
})

/** The life of a key as boto3 sees it; prints what it found as one JSON object. */
const script = `
import boto3, json, os
from botocore.exceptions import ClientError
kms = boto3.client('kms')
def code(call, **members):
    try:
        call(**members)
    except ClientError as error:
        return error.response['Error']['Code']
    return 'ok'
found = {}
key = kms.create_key(Description='d', Tags=[{'TagKey': 'a', 'TagValue': 'b'}])['KeyMetadata']
id, arn = key['KeyId'], key['Arn']
found['state'] = key['KeyState']
found['created'] = key['CreationDate'].year > 2020
data = kms.generate_data_key(KeyId=id, KeySpec='AES_256', EncryptionContext={'a': 'b'})
found['bytes'] = len(data['Plaintext'])
kms.rotate_key_on_demand(KeyId=id)
opened = kms.decrypt(CiphertextBlob=data['CiphertextBlob'], EncryptionContext={'a': 'b'})
found['same'] = opened['Plaintext'] == data['Plaintext'] and opened['KeyId'] == arn
moved = kms.re_encrypt(CiphertextBlob=data['CiphertextBlob'], SourceEncryptionContext={'a': 'b'}, DestinationKeyId=arn)
found['moved'] = kms.decrypt(CiphertextBlob=moved['CiphertextBlob'], KeyId=arn)['Plaintext'] == data['Plaintext']
found['tampered'] = code(kms.decrypt, CiphertextBlob=data['CiphertextBlob'][:-1] + b'x', EncryptionContext={'a': 'b'})
kms.enable_key_rotation(KeyId=id, RotationPeriodInDays=100)
status = kms.get_key_rotation_status(KeyId=id)
found['rotation'] = [status['KeyRotationEnabled'], status['RotationPeriodInDays'], 'NextRotationDate' in status]
found['rotations'] = [each['RotationType'] for each in kms.list_key_rotations(KeyId=id)['Rotations']]
found['tags'] = kms.list_resource_tags(KeyId=id)['Tags']
policy = kms.get_key_policy(KeyId=id, PolicyName='default')['Policy']
kms.put_key_policy(KeyId=id, PolicyName='default', Policy=policy)
found['policy'] = json.loads(policy)['Statement'][0]['Principal']['AWS']
found['listed'] = arn in [each['KeyArn'] for page in kms.get_paginator('list_keys').paginate(Limit=1) for each in page['Keys']]
kms.disable_key(KeyId=id)
found['disabled'] = code(kms.encrypt, KeyId=id, Plaintext=b'x')
deletion = kms.schedule_key_deletion(KeyId=id, PendingWindowInDays=7)
found['pending'] = [deletion['KeyState'], deletion['KeyId'] == arn, code(kms.enable_key, KeyId=id)]
kms.cancel_key_deletion(KeyId=id)
found['cancelled'] = kms.describe_key(KeyId=arn)['KeyMetadata']['KeyState']
found['random'] = len(kms.generate_random(NumberOfBytes=77)['Plaintext'])
found['unbuilt'] = code(kms.list_grants, KeyId=id)
found['too_long'] = code(kms.encrypt, KeyId=id, Plaintext=b'x' * 4097)
print(json.dumps(found))
`

test.skipIf(!boto3)('the life of a key, by boto3', { timeout }, async () => {
  const { stdout } = await run(pythonPath, ['-c', script], { env: clientEnvironment(server) })
  assert.deepEqual(JSON.parse(stdout), {
    state: 'Enabled',
    created: true,
    bytes: 32,
    same: true,
    moved: true,
    tampered: 'InvalidCiphertextException',
    rotation: [true, 100, true],
    rotations: ['ON_DEMAND'],
    tags: [{ TagKey: 'a', TagValue: 'b' }],
    policy: `arn:aws:iam::${account}:root`,
    listed: true,
    disabled: 'DisabledException',
    pending: ['PendingDeletion', true, 'KMSInvalidStateException'],
    cancelled: 'Disabled',
    random: 77,
    unbuilt: 'UnsupportedOperationException',
    too_long: 'ValidationException',
  })
})
