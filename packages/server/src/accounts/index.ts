export { type AccessKeyCredential, type CredentialSource, type Principal, type Role } from './principal.ts'
