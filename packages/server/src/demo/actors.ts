import { createHash } from 'node:crypto'

/** Who acts, from where, with what. Everybody here is invented. */
export interface Actor {
  readonly identity: object
  readonly sourceIp: string
  readonly userAgent: string
  /** The caller's own TLS connection is known (not so for services and the console's proxy). */
  readonly tls: boolean
  readonly console?: true
}

/** Addresses that are reserved for documentation (RFC 5737). */
export const addresses = {
  office: '203.0.113.24',
  home: '203.0.113.188',
  ci: '192.0.2.77',
  appServer: '203.0.113.9',
  stranger: '198.51.100.23',
} as const

const browser = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'
export const agents = {
  browser,
  cli: 'aws-cli/2.31.10 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.7 cfg/retry-mode#standard',
  boto: 'Boto3/1.40.50 md/Botocore#1.40.50 ua/2.1 os/linux#6.1.0 lang/python#3.12.11 Botocore/1.40.50',
  sdk: 'aws-sdk-js/3.900.0 ua/2.1 os/linux#6.1.0 lang/js md/nodejs#22.20.0',
  terraform: 'APN/1.0 HashiCorp/1.0 Terraform/1.13.3 aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.24.8',
  scanner: 'python-requests/2.32.5',
} as const

/** `AIDA`, `AROA`, `AKIA`, ... and letters that stay the same for a name. */
export function uniqueId(
  prefix: string,
  name: string,
  length = prefix.startsWith('AK') || prefix.startsWith('AS') ? 20 : 21,
): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const digest = createHash('sha256').update(`${prefix}/${name}`).digest()
  const rest = Array.from(digest, (byte) => letters[byte % letters.length]!).join('')
  return `${prefix}XMPL${rest}`.slice(0, length)
}

export const userArn = (account: string, name: string): string => `arn:aws:iam::${account}:user/${name}`

/** A user with a long-lived key. */
export const keyUser = (account: string, name: string, sourceIp: string, userAgent: string): Actor => ({
  identity: {
    type: 'IAMUser',
    principalId: uniqueId('AIDA', name),
    arn: userArn(account, name),
    accountId: account,
    accessKeyId: uniqueId('AKIA', name),
    userName: name,
  },
  sourceIp,
  userAgent,
  tls: true,
})

/** A user at the web console. */
export const consoleUser = (account: string, name: string, since: number, sourceIp: string): Actor => ({
  identity: {
    type: 'IAMUser',
    principalId: uniqueId('AIDA', name),
    arn: userArn(account, name),
    accountId: account,
    accessKeyId: uniqueId('ASIA', `${name}/console`),
    userName: name,
    sessionContext: { attributes: { creationDate: isoSeconds(since), mfaAuthenticated: 'true' } },
  },
  sourceIp,
  userAgent: browser,
  tls: false,
  console: true,
})

/** A session of a role. `keySeed` tells sessions of one name apart. */
export const roleSession = (
  account: string,
  role: string,
  session: string,
  about: { since: number; sourceIp: string; userAgent: string; ec2?: boolean; federated?: string },
): Actor => ({
  identity: {
    type: 'AssumedRole',
    principalId: `${uniqueId('AROA', role)}:${session}`,
    arn: `arn:aws:sts::${account}:assumed-role/${role}/${session}`,
    accountId: account,
    accessKeyId: uniqueId('ASIA', `${role}/${session}`),
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: uniqueId('AROA', role),
        arn: `arn:aws:iam::${account}:role/${role}`,
        accountId: account,
        userName: role,
      },
      ...(about.federated !== undefined && {
        webIdFederationData: { federatedProvider: about.federated, attributes: {} },
      }),
      attributes: { creationDate: isoSeconds(about.since), mfaAuthenticated: 'false' },
      ...(about.ec2 && { ec2RoleDelivery: '2.0' }),
    },
  },
  sourceIp: about.sourceIp,
  userAgent: about.userAgent,
  tls: true,
})

/** An AWS service on its own behalf. */
export const awsService = (name: string): Actor => ({
  identity: { type: 'AWSService', invokedBy: `${name}.amazonaws.com` },
  sourceIp: `${name}.amazonaws.com`,
  userAgent: `${name}.amazonaws.com`,
  tls: false,
})

export const awsInternal = (account: string): Actor => ({
  identity: { accountId: account, invokedBy: 'AWS Internal' },
  sourceIp: 'AWS Internal',
  userAgent: 'AWS Internal',
  tls: false,
})

export const isoSeconds = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`
