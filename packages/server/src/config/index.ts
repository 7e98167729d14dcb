export {
  type Configuration,
  type LogLevel,
  type Mode,
  type RemoteBuckets,
  type RootKey,
  type ServiceEndpoint,
  type Tls,
} from './configuration.ts'
export { createSecret, type Secret } from './secret.ts'
export { parseConfiguration } from './parse-configuration.ts'
export { ConfigurationError, type Sources } from './sources.ts'
export { suggestion } from './suggestion.ts'
export { environmentName, isLoopback, settingNames, settings, type Setting, type SettingName } from './settings.ts'
export { checkoutDirectory, defaultDataDirectory } from './data-directory.ts'
export { standardRegions } from './regions.ts'
export { describeSettings, type SettingDescription } from './describe-settings.ts'
export {
  readRunningServer,
  removeRunningServer,
  runningServerPath,
  runningTestServers,
  writeRunningServer,
  type RunningServerFile,
} from './running-server.ts'
