/** The service in the ARNs of a type, where it is beyond doubt; for other types any service is taken. */
const serviceOfType: ReadonlyMap<string, string> = new Map([
  ['AWS::S3::Object', 's3'],
  ['AWS::Lambda::Function', 'lambda'],
  ['AWS::DynamoDB::Table', 'dynamodb'],
  ['AWS::DynamoDB::Stream', 'dynamodb'],
])

const partition = /^aws(?:-[a-z]+)*$/
const partitionStart = /^(?:a|aw|aws(?:-[a-z]*)*)?$/
const serviceName = /^[a-z0-9-]+$/

/** `arn:partition:service:region:account:resource`, of a service that `type` belongs to. Region and account may be empty. */
export function isArn(value: string, type: string | undefined): boolean {
  const [arn, inPartition = '', service = '', region, account, ...resource] = value.split(':')
  return (
    arn === 'arn' &&
    partition.test(inPartition) &&
    serviceName.test(service) &&
    service === (serviceOf(type) ?? service) &&
    region !== undefined &&
    account !== undefined &&
    resource.join(':') !== ''
  )
}

/** Whether some ARN of the type begins like this. */
export function mayStartArn(value: string, type: string | undefined): boolean {
  const [arn = '', inPartition, service, ...rest] = value.split(':')
  if (inPartition === undefined) return 'arn'.startsWith(arn)
  if (arn !== 'arn') return false
  if (service === undefined) return partitionStart.test(inPartition)
  if (!partition.test(inPartition)) return false
  const expected = serviceOf(type)
  if (rest.length > 0) return serviceName.test(service) && service === (expected ?? service)
  return service === '' || (serviceName.test(service) && (expected ?? service).startsWith(service))
}

const serviceOf = (type: string | undefined): string | undefined =>
  type === undefined ? undefined : serviceOfType.get(type)
