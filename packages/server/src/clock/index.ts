export { systemClocks, type Clocks } from './clocks.ts'
export { systemRandom, uuid, type Random } from './random.ts'
