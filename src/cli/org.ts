import type { Command } from 'commander';
import {
  createOrganization,
  listOrganizations,
  type Organization,
  updateOrganization,
} from '../organizations/organizations.ts';
import { jsonOption, label, onOff, wholeNumber, withExamples } from './arguments.ts';
import { recorded, unrecorded } from './command-audit.ts';
import { UsageError } from './command-errors.ts';
import type { CliContext } from './context.ts';
import { printFields, printJson, printTable } from './output.ts';

/** Adds `rx org …`: the organizations, which are the tenants. */
export function addOrganizationCommands(program: Command, context: CliContext): void {
  const group = program.command('org').description('manage organizations (the tenants)');

  const create = group
    .command('create')
    .description('create an organization')
    .argument('<name>', "the organization's name", label)
    .option('--strict-identifiers', 'validate the format of NPI, DEA and telephone numbers')
    .addOption(jsonOption())
    .action(async (name: string, options: { strictIdentifiers?: boolean; json?: boolean }) => {
      const { database } = await context.connect();
      const strictIdentifiers = options.strictIdentifiers ?? false;
      const organization = await createOrganization(database, { name, strictIdentifiers });
      context.about({ organizationId: organization.id });
      printOrganization(context, organization, options);
    });
  recorded(create, 'ORGANIZATION_CREATED', 'change');
  withExamples(create, 'rx org create "Example Clinic"', 'rx org create "Example Clinic" --json');

  const list = group
    .command('list')
    .description('list all organizations, oldest first')
    .addOption(jsonOption())
    .action(async (options: { json?: boolean }) => {
      const organizations = await listOrganizations((await context.connect()).database);
      if (options.json) return printJson(context, { organizations });
      printTable(
        context,
        [
          'id',
          'name',
          'active keys',
          'strict identifiers',
          'access reasons',
          'retention',
          'created',
        ],
        organizations.map((each) => [
          ...[each.id, each.name, each.activeKeys, each.strictIdentifiers, each.accessReasons],
          ...[describeRetention(each), each.createdAt],
        ]),
      );
    });
  unrecorded(list, 'it shows no patient data and no secret');
  withExamples(list, 'rx org list', "rx org list --json | jq -r '.organizations[].id'");

  const update = group
    .command('update')
    .description("change an organization's name or rules")
    .argument('<id>', "the organization's id")
    .option('--name <name>', 'the new name', label)
    .option('--strict-identifiers <on|off>', 'validate NPI, DEA and telephone numbers', onOff)
    .option('--access-reasons <on|off>', 'ask operators why they look at patient data', onOff)
    .option('--retention <days|never>', 'days until an ended order is erased', retentionDays)
    .addOption(jsonOption())
    .action(
      async (
        id: string,
        options: {
          name?: string;
          strictIdentifiers?: boolean;
          retention?: number | 'never';
          accessReasons?: boolean;
          json?: boolean;
        },
      ) => {
        const { name, strictIdentifiers, retention, accessReasons } = options;
        if (
          [name, strictIdentifiers, retention, accessReasons].every((each) => each === undefined)
        ) {
          throw new UsageError(
            'at least one of --name, --strict-identifiers, --access-reasons and --retention is required',
          );
        }
        const { database } = await context.connect();
        const changed = await updateOrganization(database, id, {
          ...{ name, strictIdentifiers, accessReasons },
          retentionDays: retention === 'never' ? null : retention,
        });
        printOrganization(context, changed, options);
      },
    );
  recorded(update, 'ORGANIZATION_UPDATED', 'change', ([organizationId]) => ({ organizationId }));
  withExamples(
    update,
    'rx org update 0198a000-0000-7000-8000-000000000001 --strict-identifiers on',
    'rx org update 0198a000-0000-7000-8000-000000000001 --retention 3650',
  );
}

function retentionDays(text: string): number | 'never' {
  return text === 'never' ? text : wholeNumber(1, 36_500)(text);
}

function describeRetention({ retentionDays: days }: Organization): string {
  return days === null ? 'never erased' : `${days} days`;
}

function printOrganization(
  context: CliContext,
  organization: Organization,
  { json }: { json?: boolean },
): void {
  if (json) return printJson(context, { organization });
  printFields(context, {
    id: organization.id,
    name: organization.name,
    'strict identifiers': organization.strictIdentifiers,
    'access reasons': organization.accessReasons,
    retention: describeRetention(organization),
    created: organization.createdAt,
  });
}
