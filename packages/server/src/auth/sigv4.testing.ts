import type { AccountId } from '@opentrail/core/event'
import type { CredentialSource, Principal, Role } from '../accounts/index.ts'
import type { SignatureRules, SigningCredential } from './sigv4.ts'
import type { SigningIdentity } from './signer.ts'

/** The key of AWS's own published examples and test suite. */
export const exampleKey = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}

export const principalOf = (accessKeyId: string, role: Role = 'administrator'): Principal => ({
  account: '111122223333' as AccountId,
  userName: 'alice',
  userId: 'AIDAEXAMPLE',
  arn: 'arn:aws:iam::111122223333:user/alice',
  role,
  accessKeyId,
})

export const credentialOf = (key: typeof exampleKey, role?: Role, sessionToken?: string): SigningCredential => ({
  principal: principalOf(key.accessKeyId, role),
  secretAccessKey: key.secretAccessKey,
  ...(sessionToken !== undefined && { sessionToken }),
})

/** A credential source that knows these keys and, as bearer tokens, their secrets. */
export function credentialSource(...credentials: SigningCredential[]): CredentialSource {
  return {
    accessKey: (id) => credentials.find((credential) => credential.principal.accessKeyId === id),
    bearer: (token) => credentials.find((credential) => credential.secretAccessKey === token)?.principal,
  }
}

export const rulesOf = (rules: Partial<SignatureRules> = {}): SignatureRules => ({
  service: 'cloudtrail',
  isRegion: (region) => region === 'eu-west-1',
  pathStyle: 'normalised',
  ...rules,
})

export const identityOf = (identity: Partial<SigningIdentity> = {}): SigningIdentity => ({
  ...exampleKey,
  region: 'eu-west-1',
  service: 'cloudtrail',
  ...identity,
})

/** `rawHeaders` of a header object. */
export const raw = (headers: Readonly<Record<string, string>>): string[] => Object.entries(headers).flat()
