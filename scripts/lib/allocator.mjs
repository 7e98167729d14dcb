/**
 * Environment in which glibc gives back what the server frees: few arenas, large buffers in mappings of their own. By default
 * each thread keeps an arena, and the size from which buffers are mapped grows with the largest one freed: after some minutes
 * of full load the server held 3 GB, of which half a gigabyte was in use. Read when a process starts, so it cannot be set later.
 */
export const allocator = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '131072',
  MALLOC_TRIM_THRESHOLD_: '262144',
}
