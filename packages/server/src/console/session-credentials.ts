import type { CredentialSource } from '../accounts/index.ts'
import type { SigningCredential } from '../auth/index.ts'
import type { ConsoleSessions } from './sessions.ts'

/** Access keys of users, and those of console sessions, which come with a session token. */
export interface SessionCredentials extends CredentialSource {
  accessKey(accessKeyId: string): SigningCredential | undefined
}

export const withSessions = (users: CredentialSource, sessions: ConsoleSessions): SessionCredentials => ({
  accessKey: (accessKeyId) => sessions.credential(accessKeyId) ?? users.accessKey(accessKeyId),
  bearer: (token) => users.bearer(token),
})
