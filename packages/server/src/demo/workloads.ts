import { hiddenValue } from '@opentrail/core/event'
import { addresses, agents, awsInternal, awsService, isoSeconds, roleSession, uniqueId, type Actor } from './actors.ts'
import type { Happening, Stage } from './record.ts'

const hour = 3_600

/** The shop itself: a server, functions and the services that call one another for them, with the usual errors. */
export function serve(stage: Stage): Happening[] {
  return [...roleDeliveries(stage), ...appServer(stage), ...thumbnailer(stage), ...background(stage)]
}

const keyArn = ({ region, account }: Stage): string =>
  `arn:aws:kms:${region}:${account}:key/7c1d6a52-0000-4000-8000-0a1b2c3d4e5f`

const instanceId = 'i-0c4f1e2d3b5a69788'

/** Services take roles for machines and functions, again and again. */
function roleDeliveries(stage: Stage): Happening[] {
  const take = (service: string, role: string, session: string, at: number): Happening => {
    const roleArn = `arn:aws:iam::${stage.account}:role/${role}`
    return {
      at,
      actor: awsService(service),
      service: 'sts',
      name: 'AssumeRole',
      readOnly: true,
      request: { roleArn, roleSessionName: session },
      response: {
        credentials: {
          accessKeyId: uniqueId('ASIA', `${role}/${session}`),
          sessionToken: hiddenValue,
          expiration: isoSeconds(stage.start + (at + hour) * 1_000),
        },
      },
      resources: [{ accountId: stage.account, type: 'AWS::IAM::Role', ARN: roleArn }],
    }
  }
  return [
    take('ec2', 'AppServer', instanceId, 4),
    ...repeat(24, () => take('lambda', 'Thumbnailer', 'thumbnailer', stage.dice.between(0, hour))),
    ...repeat(12, () => take('ecs-tasks', 'OrdersWorker', stage.dice.hex(32), stage.dice.between(0, hour))),
  ]
}

const repeat = (count: number, make: () => Happening): Happening[] => Array.from({ length: count }, make)

function appServer(stage: Stage): Happening[] {
  const { dice, account } = stage
  const actor = roleSession(account, 'AppServer', instanceId, {
    since: stage.start + 4_000,
    sourceIp: addresses.appServer,
    userAgent: agents.sdk,
    ec2: true,
  })
  const key = [{ accountId: account, type: 'AWS::KMS::Key', ARN: keyArn(stage) }]
  const at = () => dice.between(10, hour)
  return [
    ...repeat(120, () => ({
      at: at(),
      actor,
      service: 'kms',
      name: 'GenerateDataKey',
      readOnly: true,
      request: {
        keyId: keyArn(stage),
        keySpec: 'AES_256',
        encryptionContext: { order: String(dice.whole(10_000, 99_999)) },
      },
      resources: key,
    })),
    ...repeat(90, () => ({
      at: at(),
      actor,
      service: 'kms',
      name: 'Decrypt',
      readOnly: true,
      request: {
        encryptionContext: { order: String(dice.whole(10_000, 99_999)) },
        encryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      },
      resources: key,
    })),
    ...repeat(40, () => ({
      at: at(),
      actor,
      service: 'ssm',
      name: 'GetParametersByPath',
      readOnly: true,
      request: { path: '/shop/orders-api', recursive: true, withDecryption: true },
      ...(dice.chance(0.08) && { error: ['ThrottlingException', 'Rate exceeded'] as const }),
    })),
    ...repeat(14, () => ({
      at: at(),
      actor,
      service: 'secretsmanager',
      name: 'GetSecretValue',
      readOnly: true,
      request: { secretId: 'shop/database' },
    })),
    ...repeat(60, () => objectAccess(stage, actor, at(), dice.chance(0.3) ? 'PutObject' : 'GetObject')),
    ...repeat(5, () => ({
      at: at(),
      actor,
      service: 'sqs',
      name: 'GetQueueAttributes',
      readOnly: true,
      error: ['AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.'] as const,
    })),
  ]
}

/** Data events: in log files and the lake, never in the event history. */
function objectAccess({ account, region, dice }: Stage, actor: Actor, at: number, name: string): Happening {
  const bucketName = 'shop-invoices-example'
  const key = `2026/${dice.whole(1, 12)}/invoice-${dice.whole(10_000, 99_999)}.pdf`
  const isWrite = name === 'PutObject'
  const isMissing = !isWrite && dice.chance(0.1)
  return {
    at,
    actor,
    service: 's3',
    name,
    readOnly: !isWrite,
    kind: 'data',
    request: { bucketName, Host: `${bucketName}.s3.${region}.amazonaws.com`, key },
    ...(isWrite && { response: { 'x-amz-server-side-encryption': 'aws:kms' } }),
    ...(isMissing && { error: ['NoSuchKey', 'The specified key does not exist.'] as const }),
    additional: {
      SignatureVersion: 'SigV4',
      CipherSuite: 'TLS_AES_128_GCM_SHA256',
      bytesTransferredIn: isWrite ? dice.whole(10_000, 90_000) : 0,
      AuthenticationMethod: 'AuthHeader',
      'x-amz-id-2': dice.letters(40),
      bytesTransferredOut: isWrite || isMissing ? 0 : dice.whole(10_000, 90_000),
    },
    resources: [
      { accountId: account, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucketName}` },
      { type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucketName}/${key}` },
    ],
  }
}

function thumbnailer(stage: Stage): Happening[] {
  const { account, region, dice } = stage
  const actor = roleSession(account, 'Thumbnailer', 'thumbnailer', {
    since: stage.start,
    sourceIp: addresses.appServer,
    userAgent: agents.sdk,
  })
  const invoke = (): Happening => ({
    at: dice.between(0, hour),
    actor: awsService('s3'),
    service: 'lambda',
    name: 'Invoke',
    readOnly: false,
    kind: 'data',
    request: { functionName: `arn:aws:lambda:${region}:${account}:function:thumbnailer`, invocationType: 'Event' },
    resources: [
      {
        accountId: account,
        type: 'AWS::Lambda::Function',
        ARN: `arn:aws:lambda:${region}:${account}:function:thumbnailer`,
      },
    ],
  })
  const log = (): Happening => ({
    at: dice.between(0, hour),
    actor,
    service: 'logs',
    name: 'CreateLogStream',
    readOnly: false,
    request: { logGroupName: '/aws/lambda/thumbnailer', logStreamName: `2026/[$LATEST]${dice.hex(32)}` },
    ...(dice.chance(0.1) && {
      error: ['ResourceAlreadyExistsException', 'The specified log stream already exists'] as const,
    }),
  })
  return [...repeat(30, invoke), ...repeat(26, log)]
}

function background(stage: Stage): Happening[] {
  const { dice, account } = stage
  const scaler = awsService('autoscaling')
  return [
    ...repeat(20, () => ({
      at: dice.between(0, hour),
      actor: scaler,
      service: 'ec2',
      name: 'DescribeInstanceStatus',
      readOnly: true,
      request: { instancesSet: { items: [{ instanceId }] }, filterSet: {}, includeAllInstances: true },
    })),
    {
      at: 2_700,
      actor: awsInternal(account),
      service: 'kms',
      name: 'RotateKey',
      readOnly: false,
      kind: 'service',
      resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: keyArn(stage) }],
      serviceDetails: { keyId: keyArn(stage) },
    },
  ]
}
