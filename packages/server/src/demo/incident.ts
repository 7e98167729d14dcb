import { addresses, agents, consoleUser, keyUser, uniqueId, userArn } from './actors.ts'
import { denied } from './people.ts'
import type { Happening, Stage } from './record.ts'

/** The user whose key got out. */
export const leakedUser = 'backup'
export const leakedKeyId = uniqueId('AKIA', leakedUser)

const begin = 2_180

/**
 * Somebody has found the backup user's key: asks who it is, looks at everything, makes a second key, and tries to switch the trail
 * off. Ana notices and closes the door.
 */
export function incident(stage: Stage): Happening[] {
  return [...ordinaryUse(stage), ...enumeration(stage), ...attack(stage), ...response(stage)]
}

/** What the key is for, so that the rest stands out. */
function ordinaryUse(stage: Stage): Happening[] {
  const actor = keyUser(stage.account, leakedUser, addresses.appServer, agents.boto)
  return Array.from({ length: 12 }, (_, index): Happening => ({
    at: 60 + index * 170,
    actor,
    service: 'ec2',
    name: index % 3 === 0 ? 'CreateSnapshot' : 'DescribeSnapshots',
    readOnly: index % 3 !== 0,
    ...(index % 3 === 0
      ? {
          request: { volumeId: 'vol-0a1b2c3d4e5f60718' },
          response: { snapshotId: `snap-0${stage.dice.hex(16)}`, status: 'pending' },
        }
      : { request: { snapshotSet: {}, ownersSet: { items: [{ owner: 'self' }] } } }),
  }))
}

const stranger = ({ account }: Stage) => keyUser(account, leakedUser, addresses.stranger, agents.scanner)

type Probe = readonly [service: string, name: string, action: string, allowed: boolean]
const probes: readonly Probe[] = [
  ['sts', 'GetCallerIdentity', 'sts:GetCallerIdentity', true],
  ['iam', 'GetUser', 'iam:GetUser', false],
  ['iam', 'ListUsers', 'iam:ListUsers', false],
  ['iam', 'ListRoles', 'iam:ListRoles', false],
  ['iam', 'ListAttachedUserPolicies', 'iam:ListAttachedUserPolicies', false],
  ['iam', 'GetAccountAuthorizationDetails', 'iam:GetAccountAuthorizationDetails', false],
  ['s3', 'ListBuckets', 's3:ListAllMyBuckets', true],
  ['secretsmanager', 'ListSecrets', 'secretsmanager:ListSecrets', false],
  ['ssm', 'DescribeParameters', 'ssm:DescribeParameters', false],
  ['lambda', 'ListFunctions20150331', 'lambda:ListFunctions', false],
  ['rds', 'DescribeDBInstances', 'rds:DescribeDBInstances', false],
  ['ec2', 'DescribeInstances', 'ec2:DescribeInstances', false],
  ['ec2', 'DescribeSnapshots', 'ec2:DescribeSnapshots', true],
  ['ses', 'GetSendQuota', 'ses:GetSendQuota', false],
  ['organizations', 'DescribeOrganization', 'organizations:DescribeOrganization', false],
  ['cloudtrail', 'DescribeTrails', 'cloudtrail:DescribeTrails', false],
]

function enumeration(stage: Stage): Happening[] {
  const actor = stranger(stage)
  const regions = [stage.region, stage.otherRegion]
  return regions.flatMap((region, round) =>
    probes.map(([service, name, action, allowed], index): Happening => {
      const isGlobal = service === 'iam' || service === 'organizations'
      return {
        at: begin + round * 60 + index * 2,
        actor,
        service,
        name,
        readOnly: true,
        ...(!isGlobal && { region }),
        ...(!allowed && { error: refusal(stage, service, action) }),
      }
    }),
  )
}

/** EC2 says it in its own way. */
const refusal = (stage: Stage, service: string, action: string): readonly [string, string] =>
  service === 'ec2'
    ? ['Client.UnauthorizedOperation', 'You are not authorized to perform this operation.']
    : denied(stage, leakedUser, action)

function attack(stage: Stage): Happening[] {
  const { account, region } = stage
  const actor = stranger(stage)
  const trail = `arn:aws:cloudtrail:${region}:${account}:trail/company-trail`
  const step = (at: number, service: string, name: string, more: Partial<Happening>): Happening => ({
    at: begin + at,
    actor,
    service,
    name,
    readOnly: false,
    ...more,
  })
  const trailDenied = (name: string) => ({ error: denied(stage, leakedUser, `cloudtrail:${name}`, trail) })
  return [
    step(140, 'iam', 'CreateUser', { error: denied(stage, leakedUser, 'iam:CreateUser', userArn(account, 'support')) }),
    step(151, 'iam', 'CreateAccessKey', {
      request: { userName: leakedUser },
      response: {
        accessKey: { userName: leakedUser, accessKeyId: uniqueId('AKIA', `${leakedUser}/2`), status: 'Active' },
      },
    }),
    step(163, 'iam', 'AttachUserPolicy', {
      error: denied(stage, leakedUser, 'iam:AttachUserPolicy', userArn(account, leakedUser)),
    }),
    step(185, 'cloudtrail', 'StopLogging', trailDenied('StopLogging')),
    step(188, 'cloudtrail', 'StopLogging', trailDenied('StopLogging')),
    step(197, 'cloudtrail', 'DeleteTrail', trailDenied('DeleteTrail')),
    step(214, 'cloudtrail', 'PutEventSelectors', trailDenied('PutEventSelectors')),
    step(240, 'ec2', 'ModifySnapshotAttribute', {
      error: ['Client.UnauthorizedOperation', 'You are not authorized to perform this operation.'],
    }),
    ...Array.from({ length: 8 }, (_, index) =>
      step(262 + index * 3, 'ec2', 'RunInstances', {
        error: ['Client.UnauthorizedOperation', 'You are not authorized to perform this operation.'],
        region: index % 2 === 0 ? stage.otherRegion : region,
      }),
    ),
  ]
}

function response(stage: Stage): Happening[] {
  const actor = consoleUser(stage.account, 'ana', stage.start + 95_000, addresses.office)
  const act = (at: number, service: string, name: string, readOnly: boolean, request: object): Happening => ({
    at: begin + at,
    actor,
    service,
    name,
    readOnly,
    request,
  })
  const user = { userName: leakedUser }
  const second = uniqueId('AKIA', `${leakedUser}/2`)
  return [
    act(700, 'cloudtrail', 'LookupEvents', true, {
      lookupAttributes: [{ attributeKey: 'AccessKeyId', attributeValue: leakedKeyId }],
    }),
    act(760, 'iam', 'ListAccessKeys', true, user),
    act(772, 'iam', 'UpdateAccessKey', false, { ...user, accessKeyId: leakedKeyId, status: 'Inactive' }),
    act(779, 'iam', 'UpdateAccessKey', false, { ...user, accessKeyId: second, status: 'Inactive' }),
    act(815, 'iam', 'PutUserPolicy', false, {
      ...user,
      policyName: 'deny-all',
      policyDocument: '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}',
    }),
    act(1_005, 'iam', 'DeleteAccessKey', false, { ...user, accessKeyId: second }),
    act(1_012, 'iam', 'DeleteAccessKey', false, { ...user, accessKeyId: leakedKeyId }),
  ]
}
