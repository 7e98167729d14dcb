export { openNotifications, type NotificationOptions, type Notifications } from './notifications.ts'
export { type NotificationEvents } from './announcer.ts'
export { defaultNotificationLimits, type NotificationLimits } from './notification-limits.ts'
