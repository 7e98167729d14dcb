import type { SelectorOperator } from '../../api/trail-operations.ts'

/** Which events a trail takes, as the wizard asks for it. */
export interface SelectorForm {
  /** `json`: as PutEventSelectors takes it, for selections that the other two cannot show. */
  readonly kind: 'basic' | 'advanced' | 'json'
  readonly management: ManagementForm
  /** Of `basic`. */
  readonly dataResources: readonly DataResourceForm[]
  /** Of `advanced`. */
  readonly selectors: readonly AdvancedForm[]
  /** Of `json`. */
  readonly json: string
}

export interface ManagementForm {
  readonly reads: boolean
  readonly writes: boolean
  readonly excludesKms: boolean
  readonly excludesRdsData: boolean
}

export interface DataResourceForm {
  readonly type: string
  /** One ARN per line; empty: all of the type. */
  readonly arns: string
}

export interface AdvancedForm {
  readonly category: 'Data' | 'NetworkActivity'
  readonly name: string
  /** `AWS::S3::Object`; of network activity the service, `ec2.amazonaws.com`. */
  readonly subject: string
  /** Data events only. */
  readonly readWrite: 'all' | 'read' | 'write'
  readonly conditions: readonly ConditionForm[]
}

export interface ConditionForm {
  readonly field: string
  readonly operator: SelectorOperator
  /** One per line: any of them. */
  readonly values: string
}

/** What a new trail takes: all management events, as AWS's does. */
export const newSelectorForm: SelectorForm = {
  kind: 'basic',
  management: { reads: true, writes: true, excludesKms: false, excludesRdsData: false },
  dataResources: [],
  selectors: [],
  json: '',
}

export const managementSources = { kms: 'kms.amazonaws.com', rdsData: 'rdsdata.amazonaws.com' } as const

/** The types that basic selectors know, with their name and what stands for all of them. */
export const basicTypes = [
  { type: 'AWS::S3::Object', name: 'S3', all: 'arn:aws:s3', example: 'arn:aws:s3:::bucket/prefix' },
  {
    type: 'AWS::Lambda::Function',
    name: 'Lambda',
    all: 'arn:aws:lambda',
    example: 'arn:aws:lambda:us-east-1:111122223333:function:orders',
  },
  {
    type: 'AWS::DynamoDB::Table',
    name: 'DynamoDB',
    all: 'arn:aws:dynamodb',
    example: 'arn:aws:dynamodb:us-east-1:111122223333:table/orders',
  },
] as const

/** Fields that conditions may name, by category. What a selector always has (category, type, service, read and write) is not among them. */
export const conditionFields: Readonly<Record<AdvancedForm['category'], readonly string[]>> = {
  Data: ['eventName', 'resources.ARN', 'eventSource', 'eventType', 'userIdentity.arn', 'sessionCredentialFromConsole'],
  NetworkActivity: ['eventName', 'vpcEndpointId', 'userIdentity.arn', 'errorCode'],
}

/** Suggested; services have others, and add some every month. */
export const resourceTypes = [
  'AWS::S3::Object',
  'AWS::Lambda::Function',
  'AWS::DynamoDB::Table',
  'AWS::DynamoDB::Stream',
  'AWS::S3::AccessPoint',
  'AWS::S3Express::Object',
  'AWS::S3Tables::Table',
  'AWS::SQS::Queue',
  'AWS::SNS::Topic',
  'AWS::Kinesis::Stream',
  'AWS::StepFunctions::StateMachine',
  'AWS::Bedrock::AgentAlias',
  'AWS::Bedrock::Model',
  'AWS::Cognito::IdentityPool',
  'AWS::EC2::Snapshot',
  'AWS::Events::EventBus',
  'AWS::RDS::DBCluster',
  'AWS::SSM::ManagedNode',
  'AWS::SageMaker::Endpoint',
] as const

/** The lines of a field, without what surrounds them and without empty ones. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
