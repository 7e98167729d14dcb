import { hiddenValue } from '@opentrail/core/event'
import { addresses, agents, isoSeconds, roleSession, uniqueId, type Actor } from './actors.ts'
import type { Happening, Stage } from './record.ts'

const functions = ['orders-api', 'orders-worker', 'thumbnailer', 'invoice-mailer'] as const
const deployments = 7

/** The pipeline takes a role by its OpenID Connect token and rolls out functions and stacks, every few minutes. */
export function deploy(stage: Stage): Happening[] {
  return Array.from({ length: deployments }, (_, run) => {
    const begin = 120 + run * 470 + stage.dice.whole(0, 90)
    return oneDeployment(stage, 4_180 + run, begin)
  }).flat()
}

function oneDeployment(stage: Stage, build: number, begin: number): Happening[] {
  const { account, dice, region } = stage
  const session = `deploy-${build}`
  const since = stage.start + begin * 1_000
  const actor = roleSession(account, 'Deployer', session, {
    since,
    sourceIp: addresses.ci,
    userAgent: agents.terraform,
    federated: `arn:aws:iam::${account}:oidc-provider/token.ci.example.org`,
  })
  let at = begin
  const then = (service: string, name: string, readOnly: boolean, more: Partial<Happening> = {}): Happening => {
    at += dice.whole(1, 6)
    return { at, actor, service, name, readOnly, ...more }
  }
  const target = dice.pick(functions)
  const stack = `shop-${target}`
  const changeSet = { stackName: stack, changeSetName: `build-${build}` }
  const arn = `arn:aws:lambda:${region}:${account}:function:${target}`
  return [
    takeRole(stage, session, begin),
    then('sts', 'GetCallerIdentity', true),
    then('ecr', 'GetAuthorizationToken', true),
    then('ecr', 'DescribeRepositories', true, { request: { repositoryNames: [target] } }),
    then('cloudformation', 'DescribeStacks', true, { request: { stackName: stack } }),
    then('cloudformation', 'CreateChangeSet', false, {
      request: { ...changeSet, changeSetType: 'UPDATE', capabilities: ['CAPABILITY_IAM'] },
      response: { id: `arn:aws:cloudformation:${region}:${account}:changeSet/build-${build}/${dice.uuid()}` },
    }),
    then('cloudformation', 'DescribeChangeSet', true, { request: changeSet }),
    ...(build % 4 === 0
      ? [
          then('cloudformation', 'ExecuteChangeSet', false, {
            request: changeSet,
            error: [
              'InvalidChangeSetStatusException',
              `ChangeSet [build-${build}] cannot be executed in its current status of [FAILED]`,
            ],
          }),
          then('cloudformation', 'DeleteChangeSet', false, { request: changeSet }),
        ]
      : [
          then('cloudformation', 'ExecuteChangeSet', false, { request: changeSet }),
          then('ssm', 'PutParameter', false, {
            request: {
              name: `/shop/${target}/build`,
              value: hiddenValue,
              type: 'SecureString',
              overwrite: true,
            },
            response: { version: build, tier: 'Standard' },
          }),
          then('lambda', 'UpdateFunctionCode20150331v2', false, {
            request: {
              functionName: target,
              s3Bucket: 'shop-artifacts-example',
              s3Key: `${target}/${build}.zip`,
              publish: true,
              dryRun: false,
            },
            response: {
              functionName: target,
              functionArn: arn,
              runtime: 'nodejs22.x',
              codeSize: dice.whole(90_000, 900_000),
              version: String(build - 4_000),
            },
            apiVersion: '2015-03-31',
          }),
          then('lambda', 'GetFunctionConfiguration20150331v2', true, { request: { functionName: arn } }),
          then('lambda', 'UpdateAlias20150331', false, {
            request: { functionName: target, name: 'live', functionVersion: String(build - 4_000) },
            response: { aliasArn: `${arn}:live`, name: 'live', functionVersion: String(build - 4_000) },
          }),
        ]),
    then('cloudformation', 'DescribeStackEvents', true, { request: { stackName: stack } }),
    then('logs', 'DescribeLogGroups', true, { request: { logGroupNamePrefix: `/aws/lambda/${target}` } }),
  ]
}

function takeRole(stage: Stage, session: string, at: number): Happening {
  const { account } = stage
  const subject = 'repo:example/shop:ref:refs/heads/main'
  const roleArn = `arn:aws:iam::${account}:role/Deployer`
  const actor: Actor = {
    identity: {
      type: 'WebIdentityUser',
      principalId: `arn:aws:iam::${account}:oidc-provider/token.ci.example.org:sts.amazonaws.com:${subject}`,
      userName: subject,
      identityProvider: `arn:aws:iam::${account}:oidc-provider/token.ci.example.org`,
    },
    sourceIp: addresses.ci,
    userAgent: agents.terraform,
    tls: true,
  }
  return {
    at,
    actor,
    service: 'sts',
    name: 'AssumeRoleWithWebIdentity',
    readOnly: true,
    request: { roleArn, roleSessionName: session, durationSeconds: 3_600 },
    response: {
      credentials: {
        accessKeyId: uniqueId('ASIA', `Deployer/${session}`),
        sessionToken: hiddenValue,
        expiration: isoSeconds(stage.start + (at + 3_600) * 1_000),
      },
      subjectFromWebIdentityToken: subject,
      assumedRoleUser: {
        assumedRoleId: `${uniqueId('AROA', 'Deployer')}:${session}`,
        arn: `arn:aws:sts::${account}:assumed-role/Deployer/${session}`,
      },
      provider: `arn:aws:iam::${account}:oidc-provider/token.ci.example.org`,
      audience: 'sts.amazonaws.com',
    },
    resources: [{ accountId: account, type: 'AWS::IAM::Role', ARN: roleArn }],
  }
}
