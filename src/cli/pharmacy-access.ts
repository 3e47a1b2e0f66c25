import type { Command } from 'commander';
import { type PharmacyRecord, restrictPharmacy } from '../pharmacy/registry.ts';
import { jsonOption, withExamples } from './arguments.ts';
import { firstIs, recorded } from './command-audit.ts';
import type { CliContext } from './context.ts';

/**
 * Adds `rx pharmacy restrict` and `unrestrict`: the organizations that may place orders at a pharmacy.
 *
 * @param print prints the changed pharmacy.
 */
export function addPharmacyAccess(
  group: Command,
  context: CliContext,
  print: (pharmacy: PharmacyRecord, options: { json?: boolean }) => void,
): void {
  const restrict = group
    .command('restrict')
    .description(
      'let only some organizations place orders at a pharmacy; orders that it has continue',
    )
    .argument('<id>', "the pharmacy's id")
    .argument('<organizations...>', 'the ids of the organizations, all of them')
    .addOption(jsonOption())
    .action(async (id: string, organizations: string[], options: { json?: boolean }) => {
      print(await restrictPharmacy((await context.connect()).database, id, organizations), options);
    });
  recorded(restrict, 'PHARMACY_RESTRICTED', 'change', firstIs('pharmacy'));
  withExamples(restrict, 'rx pharmacy restrict main-street 0198a000-0000-7000-8000-000000000001');

  const unrestrict = group
    .command('unrestrict')
    .description('let every organization place orders at a pharmacy')
    .argument('<id>', "the pharmacy's id")
    .addOption(jsonOption())
    .action(async (id: string, options: { json?: boolean }) => {
      print(await restrictPharmacy((await context.connect()).database, id, null), options);
    });
  recorded(unrestrict, 'PHARMACY_UNRESTRICTED', 'change', firstIs('pharmacy'));
  withExamples(unrestrict, 'rx pharmacy unrestrict main-street');
}
