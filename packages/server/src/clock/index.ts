export { systemClocks, type Clocks } from './clocks.ts'
export { systemRandom, uuid, type Random } from './random.ts'
export { createSchedule, ScheduleBoundError, type Job, type Schedule } from './schedule.ts'
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts'
