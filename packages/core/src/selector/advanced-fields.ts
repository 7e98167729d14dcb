import { isArn, mayStartArn } from './resource-arns.ts'
import { selectorOperators, type SelectorOperator } from './selectors.ts'

/** What a trail's advanced selector may say of one field. */
export interface FieldRule {
  readonly operators: readonly SelectorOperator[]
  readonly required?: true
  /** Values of all operators together; no limit of its own where absent. */
  readonly valuesMax?: number
  /** All values it takes; where absent, `takes` decides, or everything goes. */
  readonly values?: readonly string[]
  /** `resourceType` is the selector's `resources.type`, if it has one. */
  readonly takes?: (value: string, operator: SelectorOperator, resourceType: string | undefined) => boolean
  /** What a value must be, where `takes` decides; for messages. */
  readonly form?: string
}

const equals: readonly SelectorOperator[] = ['Equals']
const anything: FieldRule = { operators: selectorOperators }
const category: FieldRule = { operators: equals, required: true, valuesMax: 1 }
const readOnly: FieldRule = { operators: equals, values: ['true', 'false'] }

/** Services add types every month, so the shape must do. */
const resourceType = /^AWS::[A-Za-z0-9]+::[A-Za-z0-9]+$/
const sourceName = /^[a-z0-9][a-z0-9.-]*\.amazonaws\.com(?:\.cn)?$/

const takesArn: FieldRule['takes'] = (value, operator, type) => {
  if (operator === 'Equals' || operator === 'NotEquals') return isArn(value, type)
  return operator === 'EndsWith' || operator === 'NotEndsWith' || mayStartArn(value, type)
}

/**
 * Fields by event category, for trails; event data stores allow more. Source: CloudTrail API Reference,
 * AdvancedFieldSelector, and CloudTrail User Guide, "Filtering data events by using advanced event selectors".
 */
export const fieldRules: ReadonlyMap<string, ReadonlyMap<string, FieldRule>> = new Map([
  [
    'Management',
    new Map<string, FieldRule>([
      ['eventCategory', category],
      ['readOnly', readOnly],
      ['eventSource', { operators: ['NotEquals'], values: ['kms.amazonaws.com', 'rdsdata.amazonaws.com'] }],
    ]),
  ],
  [
    'Data',
    new Map<string, FieldRule>([
      ['eventCategory', category],
      [
        'resources.type',
        {
          operators: equals,
          required: true,
          valuesMax: 1,
          takes: (value) => resourceType.test(value),
          form: 'a resource type such as AWS::S3::Object',
        },
      ],
      ['readOnly', readOnly],
      ['eventName', anything],
      ['eventSource', anything],
      ['eventType', anything],
      [
        'resources.ARN',
        { operators: selectorOperators, takes: takesArn, form: 'an ARN of the selected type, or the beginning of one' },
      ],
      ['userIdentity.arn', anything],
      ['sessionCredentialFromConsole', { operators: ['Equals', 'NotEquals'], values: ['true'] }],
    ]),
  ],
  [
    'NetworkActivity',
    new Map<string, FieldRule>([
      ['eventCategory', category],
      [
        'eventSource',
        {
          operators: equals,
          required: true,
          valuesMax: 1,
          takes: (value) => sourceName.test(value),
          form: 'a service such as ec2.amazonaws.com',
        },
      ],
      ['eventName', anything],
      ['vpcEndpointId', anything],
      ['userIdentity.arn', anything],
      ['errorCode', { operators: equals, values: ['VpceAccessDenied'] }],
    ]),
  ],
])
