import { randomUUID } from 'node:crypto'
import { account } from './test-server.ts'

export interface RecordParts {
  readonly id?: string
  readonly name?: string
  readonly source?: string
  readonly user?: string
  readonly accessKeyId?: string
  readonly readOnly?: boolean
  readonly secondsAgo?: number
  readonly resources?: readonly { type: string; ARN: string }[]
  readonly region?: string
}

/** A management event; each test names only what it is about. */
export const record = (parts: RecordParts = {}) => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'IAMUser',
    principalId: 'AIDAEXAMPLEUSER000001',
    arn: `arn:aws:iam::${account}:user/${parts.user ?? 'kim'}`,
    accountId: account,
    accessKeyId: parts.accessKeyId ?? 'AKIAEXAMPLEKEY0000001',
    userName: parts.user ?? 'kim',
  },
  eventTime: `${new Date(Date.now() - (parts.secondsAgo ?? 0) * 1_000).toISOString().slice(0, 19)}Z`,
  eventSource: parts.source ?? 'ec2.amazonaws.com',
  eventName: parts.name ?? 'DescribeInstances',
  awsRegion: parts.region ?? 'us-east-1',
  sourceIPAddress: '203.0.113.7',
  userAgent: 'test',
  requestParameters: null,
  responseElements: null,
  eventID: parts.id ?? randomUUID(),
  readOnly: parts.readOnly ?? true,
  ...(parts.resources && { resources: parts.resources }),
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: account,
  eventCategory: 'Management',
})
