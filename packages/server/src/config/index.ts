export { type Configuration, type LogLevel, type Mode, type RootKey, type Tls } from './configuration.ts'
export { parseConfiguration } from './parse-configuration.ts'
export { ConfigurationError, suggestion, type Sources } from './sources.ts'
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
