/** What requests are signed with. In memory only; of a link's session also in the tab's own storage (`kept-session.ts`). */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
  /** ISO 8601. Absent: they do not end by themselves. */
  readonly expiresAt?: string
}
