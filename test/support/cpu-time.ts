/** Milliseconds that this thread has computed. Unlike the time on the wall, it grows only by its own work. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
