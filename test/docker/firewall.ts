import type { Shell } from '../deployment/shell.ts';

/** What the engine may not leave behind in the network of this machine. */
interface Firewall {
  /** Removes the engine's bridge, chains and rules, and restores the policy of forwarding. */
  restore(shell: Shell): Promise<void>;
}

/** Notes the policy of forwarding before an engine starts, which changes it. */
export async function leaveNoFirewallRules(shell: Shell): Promise<Firewall> {
  const before = await shell('iptables', ['-S', 'FORWARD'], { mayFail: true });
  const policy = /^-P FORWARD (\w+)/.exec(before.stdout)?.[1] ?? 'ACCEPT';
  const forwarding = (await shell('sysctl', ['-n', 'net.ipv4.ip_forward'])).stdout.trim();
  return {
    async restore(last) {
      for (const table of ['nat', 'filter']) {
        const { stdout } = await last('iptables', ['-t', table, '-S'], { mayFail: true });
        const lines = stdout.split('\n').filter((line) => /DOCKER|docker0/.test(line));
        for (const line of lines.filter((each) => each.startsWith('-A '))) {
          const rule = line.replace('-A ', '-D ').split(' ');
          await last('iptables', ['-t', table, ...rule], { mayFail: true });
        }
        for (const line of lines.filter((each) => each.startsWith('-N '))) {
          await last('iptables', ['-t', table, '-X', line.slice(3)], { mayFail: true });
        }
      }
      await last('iptables', ['-P', 'FORWARD', policy], { mayFail: true });
      await last('ip', ['link', 'delete', 'docker0'], { mayFail: true });
      await last('sysctl', ['-q', '-w', `net.ipv4.ip_forward=${forwarding}`], { mayFail: true });
    },
  };
}
