import { randomFillSync, randomInt } from 'node:crypto'

/** Synthetic management events of about 1.1 KB with the cardinalities of a mid-sized account. */
const users = Array.from({ length: 60 }, (_, index) => `user-${index}`)
const roles = Array.from({ length: 25 }, (_, index) => `Role${index}`)
const services = [
  'ec2',
  's3',
  'iam',
  'kms',
  'lambda',
  'sts',
  'ssm',
  'rds',
  'dynamodb',
  'logs',
  'sqs',
  'sns',
  'ecs',
  'eks',
  'cloudformation',
]
const verbs = ['Describe', 'List', 'Get', 'Create', 'Delete', 'Update', 'Put', 'Tag', 'Attach', 'Start']
const nouns = [
  'Instances',
  'Buckets',
  'Policy',
  'Key',
  'Function',
  'Parameter',
  'Table',
  'Queue',
  'Topic',
  'Cluster',
  'Stack',
  'Role',
  'Secret',
  'Snapshot',
  'Volume',
]
const agents = [
  'aws-cli/2.36.7 md/awscrt#1.0.0.dev0 ua/2.1 os/linux',
  'Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux',
  'APN/1.0 HashiCorp/1.0 Terraform/1.15.0',
  'aws-sdk-js/3.1137.0 ua/2.1 os/linux lang/js',
]

const pick = <T>(list: readonly T[]): T => list[randomInt(list.length)]!
const digits = (length: number) => Array.from({ length }, () => randomInt(10)).join('')
const upper = (length: number) =>
  Array.from({ length }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[randomInt(32)]).join('')

const accessKeys = Array.from({ length: 200 }, () => `ASIA${upper(16)}`)
const idFiller = '00000000-0000-4000-8000-000000000000'
const requestFiller = '11111111-1111-4111-8111-111111111111'
const timeFiller = '2000-01-01T00:00:00Z'

export interface Target {
  readonly account: string
  readonly region: string
}

function record({ account, region }: Target): string {
  const verb = pick(verbs)
  const readOnly = /^(Describe|List|Get)/.test(verb)
  const service = pick(services)
  const role = pick(roles)
  const user = pick(users)
  const resource = `arn:aws:${service}:${region}:${account}:thing/${digits(5)}`
  const value = {
    eventVersion: '1.11',
    userIdentity: {
      type: 'AssumedRole',
      principalId: `AROA${role.toUpperCase().padEnd(16, 'X')}:${user}`,
      arn: `arn:aws:sts::${account}:assumed-role/${role}/${user}`,
      accountId: account,
      accessKeyId: pick(accessKeys),
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: `AROA${role.toUpperCase().padEnd(16, 'X')}`,
          arn: `arn:aws:iam::${account}:role/${role}`,
          accountId: account,
          userName: role,
        },
        attributes: { creationDate: timeFiller, mfaAuthenticated: 'false' },
      },
    },
    eventTime: timeFiller,
    eventSource: `${service}.amazonaws.com`,
    eventName: `${verb}${pick(nouns)}`,
    awsRegion: region,
    sourceIPAddress: `203.0.113.${randomInt(256)}`,
    userAgent: pick(agents),
    requestParameters: { name: `thing-${digits(6)}`, maxResults: randomInt(1000) },
    responseElements: readOnly ? null : { requestId: digits(12), status: 'ok' },
    requestID: requestFiller,
    eventID: idFiller,
    readOnly,
    ...(randomInt(2) === 0 && {
      resources: [{ accountId: account, type: `AWS::${service.toUpperCase()}::Thing`, ARN: resource }],
    }),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: `${service}.${region}.amazonaws.com`,
    },
  }
  return JSON.stringify(value)
}

/** A batch whose ids and times are written anew for each request, so that making load costs next to nothing. */
export interface BatchTemplate {
  readonly records: number
  /** The body with fresh ids and the given time; the same memory each time. */
  fill(now: number): Buffer
  /** Id of the last record of the last fill. */
  lastId(): string
}

export function batchTemplate(records: number, target: Target): BatchTemplate {
  const body = Buffer.from(Array.from({ length: records }, () => record(target)).join('\n'))
  const places = (filler: string) => {
    const found: number[] = []
    for (let at = body.indexOf(filler); at >= 0; at = body.indexOf(filler, at + 1)) found.push(at)
    return found
  }
  const ids = places(idFiller)
  const requests = places(requestFiller)
  const times = places(timeFiller)
  const random = Buffer.alloc(16 * (ids.length + requests.length))
  const writeUuid = (at: number, bytes: Buffer, from: number) => {
    const hex = bytes.toString('hex', from, from + 16)
    body.write(
      `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`,
      at,
    )
  }
  return {
    records,
    fill(now) {
      randomFillSync(random)
      for (const [index, at] of ids.entries()) writeUuid(at, random, index * 16)
      for (const [index, at] of requests.entries()) writeUuid(at, random, (ids.length + index) * 16)
      const time = `${new Date(now).toISOString().slice(0, 19)}Z`
      for (const at of times) body.write(time, at, 'latin1')
      return body
    },
    lastId() {
      const last = ids.at(-1) ?? 0
      return body.toString('latin1', last, last + idFiller.length)
    },
  }
}
