import fc from 'fast-check';
import { expect, it } from 'vitest';
import { userOf } from '../../../../src/http/console/single-sign-on.ts';

const SETTINGS = { nameClaim: 'email', rolesClaim: 'roles', rolePrefix: '' };
const olga = { sub: '1', email: 'olga@clinic.example' };

it('gives the highest role that the account has', () => {
  const role = (roles: unknown) => userOf({ ...olga, roles }, SETTINGS)?.role;
  expect(role(['viewer', 'admin', 'operator'])).toBe('admin');
  expect(role('viewer')).toBe('viewer');
  expect(role(['Admin', 'admins', 'admin '])).toBeUndefined();
});

it('reads a claim by its name or by a path', () => {
  const rolesClaim = 'realm_access.roles';
  const user = { operator: 'olga@clinic.example', role: 'operator' };
  const nested = { ...olga, realm_access: { roles: ['rx-operator'] } };
  expect(userOf(nested, { ...SETTINGS, rolesClaim, rolePrefix: 'rx-' })).toEqual(user);
  const flat = { ...olga, [rolesClaim]: ['operator'] };
  expect(userOf(flat, { ...SETTINGS, rolesClaim })).toEqual(user);
});

it('takes the subject if the account has no name, and refuses one without either', () => {
  const named = { sub: '1', roles: ['viewer'] };
  expect(userOf(named, SETTINGS)).toEqual({ operator: '1', role: 'viewer' });
  expect(userOf({ roles: ['viewer'] }, SETTINGS)).toBeUndefined();
});

it('gives no role for any other claims', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (roles, rolesClaim) => {
      const given = userOf({ ...olga, roles }, { ...SETTINGS, rolesClaim });
      fc.pre(!JSON.stringify(roles ?? null)?.match(/viewer|operator|admin/));
      expect(given).toBeUndefined();
    }),
  );
});
