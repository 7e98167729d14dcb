/** Kinds of things as people name them, and as the names of operations do. */
const kinds: Readonly<Record<string, string>> = {
  user: 'User',
  role: 'Role',
  group: 'Group',
  policy: 'Policy',
  'access key': 'AccessKey',
  'kms key': 'Key',
  key: 'Key',
  'key pair': 'KeyPair',
  password: 'LoginProfile',
  mfa: 'MFADevice',
  'mfa device': 'MFADevice',
  bucket: 'Bucket',
  's3 bucket': 'Bucket',
  'bucket policy': 'BucketPolicy',
  object: 'Object',
  's3 object': 'Object',
  instance: 'Instance',
  'ec2 instance': 'Instance',
  'security group': 'SecurityGroup',
  volume: 'Volume',
  snapshot: 'Snapshot',
  image: 'Image',
  vpc: 'Vpc',
  subnet: 'Subnet',
  trail: 'Trail',
  'log group': 'LogGroup',
  alarm: 'Alarms',
  queue: 'Queue',
  topic: 'Topic',
  table: 'Table',
  function: 'Function',
  'lambda function': 'Function',
  secret: 'Secret',
  stack: 'Stack',
  cluster: 'Cluster',
  database: 'DBInstance',
  certificate: 'Certificate',
}

/** `a security group`, `policies`: how the names of operations call it. Undefined: it is no kind, or a thing with a name. */
export function kindNamed(text: string): string | undefined {
  const words = text.toLowerCase().replace(/^(?:an?|any|some|the|our|my|new|all) /, '')
  const single = words.replace(/ies$/, 'y').replace(/(?<!s)s$/, '')
  return Object.hasOwn(kinds, words) ? kinds[words] : Object.hasOwn(kinds, single) ? kinds[single] : undefined
}

/** `a policy of alice`: a kind, and the name of what it belongs to. */
export function kindOf(text: string): { readonly kind: string; readonly owner: string } | undefined {
  const [, what = '', owner = ''] = /^(.{1,40}?) (?:to|from|for|of|on|in) (\S+)$/i.exec(text) ?? []
  const kind = kindNamed(what)
  return kind === undefined ? undefined : { kind, owner }
}

/** Services that people name by the first part of their event source. */
const services = new Set(
  (
    'apigateway athena autoscaling cloudformation cloudfront cloudtrail config dynamodb ec2 ecr ecs eks elasticache elasticloadbalancing guardduty ' +
    'iam kms lambda logs monitoring organizations rds redshift route53 s3 secretsmanager ses signin sns sqs ssm sso sts'
  ).split(' '),
)

/** `S3`: `s3.amazonaws.com`. */
export const eventSourceNamed = (text: string): string | undefined =>
  services.has(text.toLowerCase()) ? `${text.toLowerCase()}.amazonaws.com` : undefined
