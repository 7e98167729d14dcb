export interface CommandsOptions {
  readonly endpoint: string
  readonly region: string
  /** A test server has a key that everybody knows. */
  readonly isTest: boolean
}

export interface NamedCommand {
  readonly name: string
  readonly text: string
}

export interface Commands {
  readonly demo: string
  readonly environment: string
  readonly lookup: readonly NamedCommand[]
  readonly send: readonly NamedCommand[]
  readonly trail: string
}

const record =
  '{"eventName":"DeployApplication","eventSource":"deploy.example.com","userIdentity":{"type":"Unknown","userName":"ci"},"requestParameters":{"version":"1.4.2"}}'

/** Commands as one would type them, that already name this server. */
export function commandsFor({ endpoint, region, isTest }: CommandsOptions): Commands {
  const key = isTest ? 'test' : 'YOUR_ACCESS_KEY_ID'
  const secret = isTest ? 'test' : 'YOUR_SECRET_ACCESS_KEY'
  return {
    demo: './opentrail demo',
    environment: [
      `export AWS_ENDPOINT_URL=${endpoint}`,
      `export AWS_REGION=${region}`,
      `export AWS_ACCESS_KEY_ID=${key}`,
      `export AWS_SECRET_ACCESS_KEY=${secret}`,
    ].join('\n'),
    lookup: [
      {
        name: 'AWS CLI',
        text: `aws cloudtrail lookup-events --endpoint-url ${endpoint} --region ${region} --max-items 5`,
      },
      {
        name: 'JavaScript',
        text: [
          "import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'",
          '',
          `const client = new CloudTrailClient({ endpoint: '${endpoint}', region: '${region}' })`,
          'const { Events } = await client.send(new LookupEventsCommand({ MaxResults: 5 }))',
        ].join('\n'),
      },
      {
        name: 'Python',
        text: [
          'import boto3',
          '',
          `client = boto3.client("cloudtrail", endpoint_url="${endpoint}", region_name="${region}")`,
          'events = client.lookup_events(MaxResults=5)["Events"]',
        ].join('\n'),
      },
    ],
    send: [
      {
        name: 'curl',
        text: [
          `curl ${endpoint}/events --aws-sigv4 aws:amz:${region}:cloudtrail \\`,
          '  --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\',
          "  -H 'Content-Type: application/x-ndjson' \\",
          `  -d '${record}'`,
        ].join('\n'),
      },
      { name: 'Command line', text: `echo '${record}' | ./opentrail send --endpoint ${endpoint} -` },
    ],
    trail: './opentrail trail create my-trail --bucket opentrail-logs --validate --start',
  }
}
