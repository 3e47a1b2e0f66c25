/** Reads a time of a form; browsers send it without a time zone, and the form says that it is UTC. */
export function formTime(text: string | null): Date | undefined {
  if (!text) return undefined;
  const time = new Date(`${text}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}
