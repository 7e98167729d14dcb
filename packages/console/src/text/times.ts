import type { Settings } from '../shell/settings.tsx'

type Zone = Settings['timeZone']

/** `2026-11-21 12:00:00`, with the zone's name where `zoned`. Times that are none stay as they are. */
export function timeText(iso: string, zone: Zone, zoned = false): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  const text = (zone === 'utc' ? date : shifted(date)).toISOString().slice(0, 19).replace('T', ' ')
  return zoned ? `${text} ${zoneName(date, zone)}` : text
}

/** `UTC`, `UTC+01:00` */
export function zoneName(date: Date, zone: Zone): string {
  const minutes = zone === 'utc' ? 0 : -date.getTimezoneOffset()
  if (minutes === 0) return 'UTC'
  const size = Math.abs(minutes)
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** A date whose UTC fields are the local ones. */
const shifted = (date: Date): Date => new Date(date.getTime() - date.getTimezoneOffset() * 60_000)

const two = (value: number): string => String(value).padStart(2, '0')
