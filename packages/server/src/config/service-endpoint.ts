import { secretFrom } from './bucket-secrets.ts'
import type { ServiceEndpoint } from './configuration.ts'
import { isEndpoint } from './remote-buckets-setting.ts'

const regionPlace = '{region}'

/** A URL in which `{region}` may stand for the Region that is called. */
export const isServiceUrl = (value: string): boolean => isEndpoint(value.replaceAll(regionPlace, 'eu-west-1'))

/** The settings of one service, as far as they were given. */
export interface EndpointSettings {
  readonly url: string | undefined
  readonly accessKeyId: string | undefined
  readonly secretFile: string | undefined
  readonly secretVariable: string | undefined
}

/** Undefined where there is none; what `complain` is told completes "<service>-endpoint ...". */
export function serviceEndpoint(
  { url, accessKeyId, secretFile, secretVariable }: EndpointSettings,
  environment: Readonly<Record<string, string | undefined>>,
  complain: (message: string) => void,
): ServiceEndpoint | undefined {
  if ([url, accessKeyId, secretFile, secretVariable].every((each) => each === undefined)) return undefined
  if (url === undefined || accessKeyId === undefined || (secretFile === undefined) === (secretVariable === undefined)) {
    complain('needs a URL, an access key id, and its secret key in a file or in a variable')
    return undefined
  }
  const place =
    secretVariable === undefined
      ? { kind: 'file' as const, path: secretFile ?? '' }
      : { kind: 'environment' as const, variable: secretVariable }
  return { url, credentials: { accessKeyId, secretAccessKey: secretFrom(place, environment, complain) } }
}
