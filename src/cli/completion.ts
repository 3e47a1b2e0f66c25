import { Argument, type Command } from 'commander';
import { withExamples } from './arguments.ts';
import { unrecorded } from './command-audit.ts';
import type { CliContext } from './context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** Adds `rx completion`, which prints the completions of all commands and options for a shell. */
export function addCompletionCommand(program: Command, context: CliContext): void {
  const command = program
    .command('completion')
    .description('print completions of commands and options for a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => {
      const words = wordsOf(program, []);
      context.stdout.write(shell === 'fish' ? fish(words) : bash(words, shell === 'zsh'));
    });
  unrecorded(command, 'it reads no data');
  withExamples(
    command,
    'source <(rx completion bash)                               # in ~/.bashrc',
    'source <(rx completion zsh)                                # in ~/.zshrc, after compinit',
    'rx completion fish > ~/.config/fish/completions/rx.fish',
  );
}

/** What may follow a command: its subcommands and options, with their descriptions. */
interface Words {
  /** The names of the command, without `rx`. */
  readonly path: readonly string[];
  readonly words: readonly { readonly word: string; readonly description: string }[];
}

function wordsOf(command: Command, path: readonly string[]): Words[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const words = [
    ...subcommands.map((each) => ({ word: each.name(), description: each.description() })),
    ...help.visibleOptions(command).map(({ long, short, description }) => ({
      word: long ?? short ?? '',
      description,
    })),
  ];
  const below = subcommands.filter((each) => each.name() !== 'help');
  return [{ path, words }, ...below.flatMap((each) => wordsOf(each, [...path, each.name()]))];
}

/** zsh runs the same script with its emulation of bash's completions. */
function bash(all: readonly Words[], isZsh: boolean): string {
  const cases = all.map(
    ({ path, words }) =>
      `    '${path.join(' ')}') words='${words.map(({ word }) => word).join(' ')}' ;;\n`,
  );
  return `${isZsh ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_rx() {
  local word path= words=
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; esac
    path="\${path:+$path }$word"
  done
  # The words after a command may be its arguments.
  while [ -z "$words" ]; do
    case "$path" in
${cases.join('')}    *' '*) path="\${path% *}" ;;
    *) return ;;
    esac
  done
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _rx rx
`;
}

function fish(all: readonly Words[]): string {
  const lines = all.flatMap(({ path, words }) => {
    const known = words.filter(({ word }) => !word.startsWith('-')).map(({ word }) => word);
    const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`);
    const unseen = known.length === 0 ? [] : [`not __fish_seen_subcommand_from ${known.join(' ')}`];
    const when = [...seen, ...unseen].join('; and ');
    return words.map(({ word, description }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c rx -n '${when}' ${what} -d '${description.replaceAll("'", '’')}'\n`;
    });
  });
  return lines.join('');
}
