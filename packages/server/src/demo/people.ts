import { addresses, agents, consoleUser, keyUser, uniqueId, userArn, type Actor } from './actors.ts'
import type { Happening, Stage } from './record.ts'

/** Sign-ins, people looking around in the console, and an administrator at work. */
export function work(stage: Stage): Happening[] {
  return [...signIns(stage), ...browsing(stage), ...administration(stage)]
}

function signIns(stage: Stage): Happening[] {
  const people = [
    { name: 'ana', at: 95, ip: addresses.office, failures: 0 },
    { name: 'ben', at: 410, ip: addresses.office, failures: 1 },
    { name: 'chloe', at: 1_320, ip: addresses.home, failures: 3 },
  ]
  return people.flatMap(({ name, at, ip, failures }) => [
    ...Array.from({ length: failures }, (_, index) => signIn(stage, name, at - 20 * (failures - index), ip, false)),
    signIn(stage, name, at, ip, true),
  ])
}

function signIn({ account }: Stage, name: string, at: number, sourceIp: string, success: boolean): Happening {
  const person = { type: 'IAMUser', principalId: uniqueId('AIDA', name) }
  const actor: Actor = {
    identity: success
      ? { ...person, arn: userArn(account, name), accountId: account, userName: name }
      : { ...person, accountId: account, accessKeyId: '', userName: name },
    sourceIp,
    userAgent: agents.browser,
    tls: true,
  }
  return {
    at,
    actor,
    service: 'signin',
    name: 'ConsoleLogin',
    readOnly: false,
    kind: 'sign-in',
    ...(!success && { error: [undefined, 'Failed authentication'] as const }),
    response: { ConsoleLogin: success ? 'Success' : 'Failure' },
    additional: {
      LoginTo: 'https://console.aws.amazon.com/console/home',
      MobileVersion: 'No',
      ...(success && { MFAIdentifier: `arn:aws:iam::${account}:mfa/${name}` }),
      MFAUsed: success ? 'Yes' : 'No',
    },
  }
}

type Look = readonly [service: string, name: string, request?: object]
const looks: readonly [Look, ...Look[]] = [
  ['ec2', 'DescribeInstances', { instancesSet: {}, filterSet: {} }],
  ['ec2', 'DescribeInstanceStatus', { instancesSet: {}, filterSet: {}, includeAllInstances: false }],
  ['ec2', 'DescribeSecurityGroups', { securityGroupSet: {}, securityGroupIdSet: {}, filterSet: {} }],
  ['ec2', 'DescribeVolumes', { volumeSet: {}, filterSet: {} }],
  ['s3', 'ListBuckets', { Host: 's3.amazonaws.com' }],
  [
    's3',
    'GetBucketPolicy',
    { bucketName: 'shop-invoices-example', policy: '', Host: 'shop-invoices-example.s3.amazonaws.com' },
  ],
  [
    's3',
    'GetBucketEncryption',
    { bucketName: 'shop-invoices-example', encryption: '', Host: 'shop-invoices-example.s3.amazonaws.com' },
  ],
  ['lambda', 'ListFunctions20150331'],
  ['cloudwatch', 'DescribeAlarms', { maxRecords: 100 }],
  ['monitoring', 'GetMetricData'],
  ['iam', 'ListUsers', { maxItems: 100 }],
  ['iam', 'GetAccountSummary'],
  ['cloudtrail', 'LookupEvents', { maxResults: 50 }],
  ['rds', 'DescribeDBInstances'],
  ['health', 'DescribeEventAggregates', { aggregateField: 'eventTypeCategory' }],
]

function browsing(stage: Stage): Happening[] {
  const visits = [
    { name: 'ana', from: 100, to: 3_300, count: 46, ip: addresses.office },
    { name: 'ben', from: 420, to: 2_500, count: 58, ip: addresses.office },
    { name: 'chloe', from: 1_330, to: 2_100, count: 24, ip: addresses.home },
  ]
  return visits.flatMap(({ name, from, to, count, ip }) => {
    const actor = consoleUser(stage.account, name, stage.start + from * 1_000, ip)
    return Array.from({ length: count }, (): Happening => {
      const [service, event, request] = stage.dice.pick(looks)
      const isDenied = name === 'chloe' && service === 'iam'
      return {
        at: stage.dice.between(from, to),
        actor,
        service: service === 'cloudwatch' ? 'monitoring' : service,
        name: event,
        readOnly: true,
        ...(stage.dice.chance(0.12) && { region: stage.otherRegion }),
        ...(request && !isDenied && { request }),
        ...(isDenied && { error: denied(stage, 'chloe', `iam:${event}`) }),
      }
    })
  })
}

export const denied = ({ account }: Stage, user: string, action: string, resource = '*'): readonly [string, string] => [
  'AccessDenied',
  `User: ${userArn(account, user)} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
]

/** Ana sets up a newcomer and a machine for him. */
function administration(stage: Stage): Happening[] {
  const { account, region, dice } = stage
  const ana = consoleUser(account, 'ana', stage.start + 95_000, addresses.office)
  const cli = keyUser(account, 'ana', addresses.office, agents.cli)
  const instance = `i-0${dice.hex(16)}`
  const group = `sg-0${dice.hex(16)}`
  const iam = (at: number, name: string, request: object, response?: object): Happening => ({
    at,
    actor: ana,
    service: 'iam',
    name,
    readOnly: false,
    request,
    ...(response && { response }),
  })
  const ec2 = (at: number, name: string, request: object, response: object): Happening => ({
    at,
    actor: cli,
    service: 'ec2',
    name,
    readOnly: false,
    request,
    response: { requestId: dice.uuid(), ...response },
  })
  const user = { userName: 'dmitri' }
  return [
    iam(610, 'CreateUser', user, {
      user: { path: '/', ...user, userId: uniqueId('AIDA', 'dmitri'), arn: userArn(account, 'dmitri') },
    }),
    iam(
      618,
      'CreateLoginProfile',
      { ...user, passwordResetRequired: true },
      { loginProfile: { ...user, passwordResetRequired: true } },
    ),
    iam(633, 'AddUserToGroup', { groupName: 'developers', ...user }),
    iam(650, 'CreateAccessKey', user, {
      accessKey: { ...user, accessKeyId: uniqueId('AKIA', 'dmitri'), status: 'Active' },
    }),
    iam(702, 'AttachUserPolicy', { ...user, policyArn: 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess' }),
    ec2(
      905,
      'CreateSecurityGroup',
      { groupName: 'dmitri-dev', groupDescription: 'development machine', vpcId: 'vpc-0a1b2c3d4e5f60718' },
      { _return: true, groupId: group },
    ),
    ec2(
      931,
      'AuthorizeSecurityGroupIngress',
      {
        groupId: group,
        ipPermissions: {
          items: [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, ipRanges: { items: [{ cidrIp: '203.0.113.0/24' }] } }],
        },
      },
      { _return: true },
    ),
    ec2(
      958,
      'RunInstances',
      {
        instancesSet: { items: [{ imageId: 'ami-0f1e2d3c4b5a69788', minCount: 1, maxCount: 1 }] },
        instanceType: 't3.medium',
        groupSet: { items: [{ groupId: group }] },
      },
      {
        reservationId: `r-0${dice.hex(16)}`,
        instancesSet: {
          items: [
            {
              instanceId: instance,
              imageId: 'ami-0f1e2d3c4b5a69788',
              instanceType: 't3.medium',
              currentState: { code: 0, name: 'pending' },
            },
          ],
        },
      },
    ),
    ec2(
      972,
      'CreateTags',
      { resourcesSet: { items: [{ resourceId: instance }] }, tagSet: { items: [{ key: 'owner', value: 'dmitri' }] } },
      { _return: true },
    ),
    {
      at: 1_640,
      actor: cli,
      service: 's3',
      name: 'PutBucketEncryption',
      readOnly: false,
      request: {
        bucketName: 'shop-invoices-example',
        encryption: '',
        Host: `shop-invoices-example.s3.${region}.amazonaws.com`,
      },
      resources: [{ accountId: account, type: 'AWS::S3::Bucket', ARN: 'arn:aws:s3:::shop-invoices-example' }],
    },
    {
      at: 1_702,
      actor: cli,
      service: 'kms',
      name: 'EnableKeyRotation',
      readOnly: false,
      request: { keyId: `arn:aws:kms:${region}:${account}:key/7c1d6a52-0000-4000-8000-0a1b2c3d4e5f` },
      resources: [
        {
          accountId: account,
          type: 'AWS::KMS::Key',
          ARN: `arn:aws:kms:${region}:${account}:key/7c1d6a52-0000-4000-8000-0a1b2c3d4e5f`,
        },
      ],
    },
  ]
}
