import { resolve } from 'node:path'
import type { AccountId, Region } from '@opentrail/core/event'
import type { Configuration, Mode, RootKey, Tls } from './configuration.ts'
import { checkoutDirectory, defaultDataDirectory } from './data-directory.ts'
import { withSecrets } from './bucket-secrets.ts'
import { serviceEndpoint } from './service-endpoint.ts'
import { isLoopback, settings, type SettingName, type SettingValue } from './settings.ts'
import { ConfigurationError, readValues, type Sources } from './sources.ts'

/**
 * Reads flags, environment and file once and turns them into a configuration, or says everything that is wrong with them.
 * @throws {ConfigurationError} one line per problem, with the place it came from.
 */
export function parseConfiguration(sources: Sources): Configuration {
  const { values, places } = readValues(sources)
  const problems: string[] = []
  const problem = (name: SettingName, message: string): void => {
    problems.push(`${places.get(name) ?? 'default'}: ${name} ${message}`)
  }
  const value = <Name extends SettingName>(name: Name): SettingValue<Name> =>
    (values[name] ?? settings[name].fallback) as SettingValue<Name>

  const region = value('region')
  if (!value('regions').includes(region)) problem('region', `"${region}" must be one of the regions`)
  const kms = serviceEndpoint(
    {
      url: values['kms-endpoint'],
      accessKeyId: values['kms-access-key-id'],
      secretFile: values['kms-secret-access-key-file'],
      secretVariable: values['kms-secret-access-key-environment'],
    },
    sources.environment,
    (message) => problem('kms-endpoint', message),
  )
  const sns = serviceEndpoint(
    {
      url: values['sns-endpoint'],
      accessKeyId: values['sns-access-key-id'],
      secretFile: values['sns-secret-access-key-file'],
      secretVariable: values['sns-secret-access-key-environment'],
    },
    sources.environment,
    (message) => problem('sns-endpoint', message),
  )
  const configuration: Configuration = {
    mode: mode(sources, value('test'), values.data),
    host: value('host'),
    port: value('port'),
    account: value('account') as AccountId,
    region: region as Region,
    regions: value('regions') as readonly Region[],
    tls: tls(values['tls-cert'], values['tls-key'], values['tls-client-ca'], problem),
    trustedProxies: value('trusted-proxies'),
    rootKey: rootKey(values['root-key-file'], values['root-key-environment'], values['root-key-command'], problem),
    journal: { bytesMax: value('journal-bytes-max'), retentionDays: value('retention-days') },
    engine: { memoryBytesMax: value('engine-memory-bytes-max') },
    intake: { bodyBytesMax: value('intake-body-bytes-max') },
    buckets: withSecrets(value('buckets'), sources.environment, (message) => problem('buckets', message)),
    delivery: {
      intervalMs: value('delivery-interval'),
      spoolBytesMax: value('delivery-spool-bytes-max'),
      backlogBytesMax: value('delivery-backlog-bytes-max'),
    },
    ...(values['checkpoint-origin'] !== undefined && { checkpointOrigin: values['checkpoint-origin'] }),
    ...(kms && { kms }),
    ...(sns && { sns }),
    ...(values['public-url'] !== undefined && { publicUrl: withoutSlash(values['public-url']) }),
    topics: {
      subscriberNetworks: value('subscriber-networks'),
      ...(values['sns-certificate-url'] !== undefined && {
        certificateUrl: withoutSlash(values['sns-certificate-url']),
      }),
    },
    throttle: value('throttle'),
    log: { level: value('log-level') },
  }
  if (configuration.mode.kind === 'test') checkTestMode(configuration, values.data, problem)
  if (problems.length > 0) throw new ConfigurationError(problems)
  return configuration
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '')

const mode = ({ environment }: Sources, test: boolean, data: string | undefined): Mode =>
  test
    ? { kind: 'test' }
    : { kind: 'production', data: resolve(data ?? defaultDataDirectory(environment, checkoutDirectory())) }

type Complain = (name: SettingName, message: string) => void

/** Its credentials are public: nothing that lasts, and nobody from outside. */
function checkTestMode({ host }: Configuration, data: string | undefined, problem: Complain): void {
  if (data !== undefined) problem('data', 'cannot be set in test mode, whose data is temporary')
  if (!isLoopback(host)) problem('host', `"${host}" must be a loopback address in test mode, such as 127.0.0.1`)
}

function tls(cert: string | undefined, key: string | undefined, clientCa: string | undefined, problem: Complain): Tls {
  if (cert === undefined && key === undefined) {
    if (clientCa !== undefined) problem('tls-client-ca', 'needs tls-cert and tls-key')
    return { kind: 'off' }
  }
  if (cert === undefined) problem('tls-key', 'needs tls-cert')
  if (key === undefined) problem('tls-cert', 'needs tls-key')
  const files = { certFile: resolve(cert ?? ''), keyFile: resolve(key ?? '') }
  return clientCa === undefined
    ? { kind: 'server', ...files }
    : { kind: 'mutual', ...files, clientCaFile: resolve(clientCa) }
}

function rootKey(
  file: string | undefined,
  variable: string | undefined,
  command: string | undefined,
  problem: Complain,
): RootKey {
  if ([file, variable, command].filter((place) => place !== undefined).length > 1)
    problem(
      variable === undefined ? 'root-key-command' : 'root-key-environment',
      'contradicts another root-key setting: choose one of root-key-file, root-key-environment, root-key-command',
    )
  if (file !== undefined) return { kind: 'file', path: resolve(file) }
  if (variable !== undefined) return { kind: 'environment', variable }
  return command === undefined ? { kind: 'generated' } : { kind: 'command', command }
}
