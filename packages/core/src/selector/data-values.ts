import type { EventDetailResource } from './selectable-event.ts'

const tableType = 'AWS::DynamoDB::Table'
const streamType = 'AWS::DynamoDB::Stream'

/** The resources that one value of a basic data resource stands for. */
export interface DataValue {
  /**
   * `all`: every resource of the type in the partition, also one without an ARN. `prefix`: those whose ARN starts with
   * `arn`. `exact`: the one with this ARN.
   */
  readonly covers: 'all' | 'prefix' | 'exact'
  readonly arn: string
}

interface ValueForms {
  /** Its first group is the beginning of every ARN of the service in the partition. */
  readonly all: RegExp
  readonly some: RegExp
  readonly covers: 'prefix' | 'exact'
}

/**
 * The value forms per type. A bucket without a slash is none: it would also stand for every bucket whose name goes on. In
 * a key `*` is a letter like any other. Source: CloudTrail API Reference, DataResource.
 */
const forms: ReadonlyMap<string, ValueForms> = new Map([
  [
    'AWS::S3::Object',
    {
      all: /^(arn:aws(?:-[a-z]+)*:s3)(?::::)?$/,
      some: /^arn:aws(?:-[a-z]+)*:s3:::[A-Za-z0-9._-]{1,255}\//,
      covers: 'prefix',
    },
  ],
  [
    'AWS::Lambda::Function',
    {
      all: /^(arn:aws(?:-[a-z]+)*:lambda)$/,
      some: /^arn:aws(?:-[a-z]+)*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(?::[$A-Za-z0-9_-]+)?$/,
      covers: 'exact',
    },
  ],
  [
    tableType,
    {
      all: /^(arn:aws(?:-[a-z]+)*:dynamodb)$/,
      some: /^arn:aws(?:-[a-z]+)*:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9._-]+$/,
      covers: 'exact',
    },
  ],
])

/** The types that basic selectors know. */
export const dataTypes: readonly string[] = [...forms.keys()]

/** Undefined where the type does not take such a value. */
export function readDataValue(type: string, value: string): DataValue | undefined {
  const form = forms.get(type)
  const service = form?.all.exec(value)?.[1]
  if (form && service !== undefined) return { covers: 'all', arn: `${service}:` }
  return form?.some.test(value) ? { covers: form.covers, arn: value } : undefined
}

/**
 * A resource as one of `type`, or undefined where it is none. A DynamoDB stream is also its table, under the table's ARN:
 * whoever selects (or leaves out) the table selects (leaves out) its stream.
 * Source: CloudTrail User Guide, "Logging data events": AWS::DynamoDB::Table logs tables and streams.
 */
export function resourceAs(type: string, resource: EventDetailResource): EventDetailResource | undefined {
  if (type !== tableType) return resource.type === type ? resource : undefined
  if (resource.type !== tableType && resource.type !== streamType) return undefined
  const stream = resource.arn?.indexOf('/stream/') ?? -1
  return stream < 0 ? resource : { type: tableType, arn: resource.arn!.slice(0, stream) }
}

/** The types that a record's resource of the selected type can have. */
export const typesUnder = (type: string): readonly string[] => (type === tableType ? [tableType, streamType] : [type])
