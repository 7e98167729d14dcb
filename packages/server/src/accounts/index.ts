export { type AccessKeyCredential, type CredentialSource, type Principal, type Role } from './principal.ts'
export { newSecret, newTemporaryAccessKeyId } from './identifiers.ts'
export { openAccounts, type Accounts, type BootstrapOptions, type FirstCredentials } from './accounts.ts'
export {
  type AccessKeyName,
  type AccessKeyView,
  type AccountView,
  type Administration,
  type NewAccessKey,
  type UserName,
  type UserView,
} from './administration.ts'
export { type AccessKeyKind, type AccessKeyStatus } from './documents.ts'
export { type AdministrationCaller } from './iam-events.ts'
export { administrationRoutes, type ControlRequest, type ControlRoute, type ControlRoutes } from './control-routes.ts'
export { openControlSocket, type ControlSocket } from './control-socket.ts'
export { callControlSocket, ControlSocketError } from './control-client.ts'
