import { BlockList, isIP } from 'node:net'
import type { z } from 'zod'
import { isAccountId, isRegionName } from '@opentrail/core/event'
import { standardRegions } from './regions.ts'
import { isEndpoint, isHeaderText, isVariable, remoteBuckets } from './remote-buckets-setting.ts'
import { isServiceUrl } from './service-endpoint.ts'
import { byteSize, duration, listOf, onOff, oneOf, text, textMatching, wholeNumber } from './values.ts'

/** One setting: a flag `--name`, the key `name` of the configuration file, `OPENTRAIL_NAME` in the environment. */
export interface Setting<T = unknown> {
  readonly schema: z.ZodType<T>
  /** What stands in place of the value in help texts; a switch has none. */
  readonly placeholder?: string
  /** One sentence for help and reference. */
  readonly brief: string
  /** Used where no place gives a value; absent where the setting is optional or its default depends on others. */
  readonly fallback?: T
  /** How the reference describes a default that is not a plain value. */
  readonly fallbackText?: string
}

const MiB = 2 ** 20
const GiB = 2 ** 30
const TiB = 2 ** 40

const setting = <T>(schema: z.ZodType<T>, about: Omit<Setting<NoInfer<T>>, 'schema'>): Setting<T> => ({
  schema,
  ...about,
})

/** An address or a network such as 10.0.0.0/8. */
export function isAddressOrNetwork(value: string): boolean {
  const [address, prefix, ...rest] = value.split('/')
  const family = isIP(address ?? '')
  if (family === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128))
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
export const isLoopback = (host: string): boolean => {
  const family = isIP(host)
  return host === 'localhost' || (family !== 0 && loopback.check(host, family === 4 ? 'ipv4' : 'ipv6'))
}

const isHost = (value: string): boolean => isIP(value) !== 0 || /^[a-zA-Z0-9]([a-zA-Z0-9.-]{0,252})$/.test(value)

/** A URL without its scheme, as C2SP wants the origins of logs. A port would do no harm, but it names no log. */
const isLogName = (value: string): boolean =>
  value.length <= 200 && /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(\/[\w.~-]+)*$/.test(value)

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** Every setting there is, in the order of the reference. */
export const settings = {
  host: setting(textMatching(isHost, 'an address or a host name'), {
    placeholder: 'ADDRESS',
    brief: 'Address to listen on',
    fallback: '127.0.0.1',
  }),
  port: setting(wholeNumber(0, 65_535), {
    placeholder: 'N',
    brief: 'Port to listen on; 0 takes a free one',
    fallback: 4580,
  }),
  data: setting(text, {
    placeholder: 'DIR',
    brief: 'Directory for everything the server keeps',
    fallbackText: '`.data` in a checkout, else `$XDG_DATA_HOME/opentrail` (`~/.local/share/opentrail`)',
  }),
  account: setting(textMatching(isAccountId, 'twelve digits'), {
    placeholder: 'ID',
    brief: 'Account that is created at the first start',
    fallback: '000000000000',
  }),
  region: setting(textMatching(isRegionName, 'a Region name'), {
    placeholder: 'NAME',
    brief: 'Leading Region: events of global services appear here',
    fallback: 'us-east-1',
  }),
  regions: setting(listOf(isRegionName, 'Region names'), {
    placeholder: 'NAMES',
    brief: 'Regions that exist; events of others are refused',
    fallback: standardRegions,
    fallbackText: 'the commercial AWS Regions',
  }),
  test: setting(onOff, {
    brief: 'Test mode: temporary data, virtual clock, credentials test/test; loopback only',
    fallback: false,
  }),
  'tls-cert': setting(text, {
    placeholder: 'FILE',
    brief: 'Certificate chain (PEM); turns TLS on together with tls-key',
  }),
  'tls-key': setting(text, { placeholder: 'FILE', brief: 'Private key of the certificate (PEM)' }),
  'tls-client-ca': setting(text, {
    placeholder: 'FILE',
    brief: 'Certificate authorities (PEM) whose client certificates are demanded from every caller',
  }),
  'trusted-proxies': setting(listOf(isAddressOrNetwork, 'addresses or networks'), {
    placeholder: 'LIST',
    brief: 'Proxies whose X-Forwarded-For is believed',
    fallback: [],
    fallbackText: 'none',
  }),
  'root-key-file': setting(text, {
    placeholder: 'FILE',
    brief: 'File that holds the root key for encryption at rest',
    fallbackText: '`root.key` in the data directory, made at the first start',
  }),
  'root-key-environment': setting(
    textMatching((value) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(value), 'a variable name'),
    {
      placeholder: 'NAME',
      brief: 'Environment variable that holds the root key instead of a file',
    },
  ),
  'root-key-command': setting(text, {
    placeholder: 'COMMAND',
    brief: 'Command that prints the root key instead of a file',
  }),
  'journal-bytes-max': setting(byteSize(64 * MiB, 2 ** 50), {
    placeholder: 'SIZE',
    brief: 'Journal size at which new events are refused (and asked for again later)',
    fallback: 20 * GiB,
  }),
  'retention-days': setting(wholeNumber(1, 3_650), {
    placeholder: 'N',
    brief: 'Days that events stay in the journal and in the event history',
    fallback: 90,
  }),
  'engine-memory-bytes-max': setting(byteSize(256 * MiB, 2 ** 44), {
    placeholder: 'SIZE',
    brief: 'Memory of the query engine; beyond it the engine is restarted',
    fallback: 2 * GiB,
  }),
  'intake-body-bytes-max': setting(byteSize(64 * 1024, TiB), {
    placeholder: 'SIZE',
    brief: 'Largest body of one POST /events, unpacked',
    fallback: 16 * GiB,
  }),
  buckets: setting(remoteBuckets, {
    placeholder: 'JSON',
    brief: 'Buckets that AWS or another S3 store serves, as a list of objects',
    fallback: [],
    fallbackText: 'none',
  }),
  'delivery-interval': setting(duration(1_000, 15 * 60_000), {
    placeholder: 'TIME',
    brief: 'How long events of a trail are gathered for one log file',
    fallback: 60_000,
    fallbackText: '`60s`',
  }),
  'delivery-spool-bytes-max': setting(byteSize(64 * MiB, 2 ** 50), {
    placeholder: 'SIZE',
    brief:
      'Disk for finished log files that wait for their bucket; beyond it events are given up, which is stated and counted',
    fallback: 10 * GiB,
  }),
  'delivery-backlog-bytes-max': setting(byteSize(64 * MiB, 2 ** 50), {
    placeholder: 'SIZE',
    brief:
      'What one trail may leave undelivered of one Region in the journal before its log files are finished and spooled',
    fallback: 2 * GiB,
  }),
  'checkpoint-origin': setting(textMatching(isLogName, 'a host name and a path, without https://'), {
    placeholder: 'NAME',
    brief:
      'What the names of the logs begin with whose checkpoints are signed, such as audit.example.com; choose it once, before the first checkpoint is given away',
    fallbackText: 'a name with the fingerprint of the signing key, below `opentrail.invalid`',
  }),
  'kms-endpoint': setting(textMatching(isServiceUrl, 'a URL such as https://kms.{region}.amazonaws.com'), {
    placeholder: 'URL',
    brief: 'KMS whose keys are used for log files instead of the built-in one; `{region}` stands for the Region',
  }),
  'kms-access-key-id': setting(textMatching(isHeaderText, 'a text'), {
    placeholder: 'ID',
    brief: 'Access key for kms-endpoint',
  }),
  'kms-secret-access-key-file': setting(text, {
    placeholder: 'FILE',
    brief: 'File that holds the secret key of kms-access-key-id',
  }),
  'kms-secret-access-key-environment': setting(
    textMatching(isVariable, 'a variable’s name, none that begins with OPENTRAIL_,'),
    {
      placeholder: 'NAME',
      brief: 'Environment variable that holds that secret key instead of a file',
    },
  ),
  'sns-endpoint': setting(textMatching(isServiceUrl, 'a URL such as https://sns.{region}.amazonaws.com'), {
    placeholder: 'URL',
    brief: 'SNS whose topics trails announce to instead of the built-in ones; `{region}` stands for the Region',
  }),
  'sns-access-key-id': setting(textMatching(isHeaderText, 'a text'), {
    placeholder: 'ID',
    brief: 'Access key for sns-endpoint',
  }),
  'sns-secret-access-key-file': setting(text, {
    placeholder: 'FILE',
    brief: 'File that holds the secret key of sns-access-key-id',
  }),
  'sns-secret-access-key-environment': setting(
    textMatching(isVariable, 'a variable’s name, none that begins with OPENTRAIL_,'),
    {
      placeholder: 'NAME',
      brief: 'Environment variable that holds that secret key instead of a file',
    },
  ),
  'public-url': setting(textMatching(isEndpoint, 'a URL such as https://opentrail.example.org'), {
    placeholder: 'URL',
    brief: 'Where clients reach the server: the links in messages of topics lead there',
    fallbackText: 'the address and port that the server listens on',
  }),
  'subscriber-networks': setting(listOf(isAddressOrNetwork, 'addresses or networks'), {
    placeholder: 'LIST',
    brief: 'Addresses and networks that HTTP(S) subscribers of topics may have beside the public ones',
    fallback: [],
    fallbackText: 'none',
  }),
  'sns-certificate-url': setting(textMatching(isServiceUrl, 'a URL such as https://sns.{region}.amazonaws.com'), {
    placeholder: 'URL',
    brief: 'Where readers of messages fetch the certificate; `{region}` stands for the Region of the topic',
    fallbackText: 'as `public-url`',
  }),
  throttle: setting(onOff, { brief: 'Limit calls per second as AWS does (LookupEvents: 2)', fallback: false }),
  'log-level': setting(oneOf(logLevels), {
    placeholder: 'LEVEL',
    brief: 'Least severity that is logged: debug, info, warn, error, silent',
    fallback: 'info',
  }),
} as const

export type SettingName = keyof typeof settings
export type SettingValue<Name extends SettingName> = (typeof settings)[Name] extends Setting<infer T> ? T : never
export type Values = { readonly [Name in SettingName]?: SettingValue<Name> }

export const settingNames = Object.keys(settings) as SettingName[]
export const isSettingName = (name: string): name is SettingName => Object.hasOwn(settings, name)
export const environmentName = (name: string): string => `OPENTRAIL_${name.toUpperCase().replaceAll('-', '_')}`
