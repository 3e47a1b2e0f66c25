import type { Hour } from '../../../operators/overview.ts';

const WIDTH = 480;
const HEIGHT = 96;

/** Orders per hour over the last day as bars, with a table for those who cannot see them. */
export function HoursChart({
  hours,
  of,
}: {
  readonly hours: readonly Hour[];
  readonly of: 'accepted' | 'completed';
}) {
  const most = Math.max(1, ...hours.map((hour) => hour[of]));
  const total = hours.reduce((sum, hour) => sum + hour[of], 0);
  const step = WIDTH / Math.max(1, hours.length);
  return (
    <figure class="chart">
      <figcaption>
        {of === 'accepted' ? 'Accepted' : 'Completed'} per hour{' '}
        <small>
          {total} in 24 h, at most {most}
        </small>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`${total} orders ${of} in 24 hours, at most ${most} in an hour`}
      >
        {hours.map((hour, index) => {
          const height = hour[of] === 0 ? 1 : Math.max(2, (hour[of] / most) * HEIGHT);
          return (
            <rect x={index * step + 1} y={HEIGHT - height} width={step - 2} height={height}>
              <title>{`${hour.at.toISOString().slice(11, 16)} UTC: ${hour[of]}`}</title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}
