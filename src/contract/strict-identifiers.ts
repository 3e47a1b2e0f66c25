import { withoutExtension } from './formats.ts';
import type { PrescriptionOrder } from './place-order.ts';
import type { FieldError } from './validation.ts';

/*
 * The rules of the strict mode that an organization can turn on (docs/api.md, "Strict identifiers"). They
 * check the form only: a number that passes may still be unassigned.
 */

/**
 * Checks the prescriber's identifiers against the rules of their issuers. The order must have passed
 * the contract's validation.
 *
 * @returns the problems in the order of the contract's table. A blank `dea` counts as absent.
 */
export function findIdentifierFaults({ prescriber }: PrescriptionOrder): FieldError[] {
  const rules = [
    ['npi', npiRule(prescriber.npi)],
    ['dea', (prescriber.dea ?? '').trim() === '' ? undefined : deaRule(prescriber.dea ?? '')],
    ['phoneNumber', phoneRule(prescriber.phoneNumber)],
  ] as const;
  return rules.flatMap(([field, rule]) =>
    rule === undefined
      ? []
      : [{ path: `order.prescriber.${field}`, field, message: `${field} ${rule}` }],
  );
}

/**
 * The National Provider Identifier has ten digits. The last one is the Luhn check digit of the prefix
 * 80840 and the other nine (45 CFR 162.406; CMS, "Requirements for National Provider
 * Identifier (NPI) and NPI Check Digit").
 */
function npiRule(value: string): string | undefined {
  if (!/^[0-9]{10}$/.test(value)) return 'must be a valid NPI (10 digits)';
  if (!passesLuhn(`80840${value}`)) return 'must be a valid NPI (its check digit is wrong)';
  return undefined;
}

/** ISO/IEC 7812-1, annex B: from the right, every second digit counts double, digit by digit. */
function passesLuhn(value: string): boolean {
  const sum = toDigits(value)
    .reverse()
    .reduce((total, digit, index) => {
      const weighted = index % 2 === 1 ? digit * 2 : digit;
      return total + (weighted > 9 ? weighted - 9 : weighted);
    }, 0);
  return sum % 10 === 0;
}

/**
 * A letter for the kind of registrant, the first letter of the registrant's name or 9 for a business,
 * six digits and the check digit. DEA's record layout names the kinds A, B, F, G, M, P and R; older
 * numbers, treatment programs and waivers (X) have others, and every real number must pass. A
 * prescriber who uses a hospital's registration adds a hyphen and the hospital's code
 * (21 CFR 1301.22(c)(5)).
 */
const DEA_NUMBER = /^[A-HJ-MP-UX][A-Z9]([0-9]{7})(?:-[A-Za-z0-9]+)?$/;

/**
 * The number of a registration under the Controlled Substances Act (21 CFR 1301). The last of its
 * digits is that of the sum of the first, third and fifth and twice the second, fourth and sixth.
 */
function deaRule(value: string): string | undefined {
  const [, number] = DEA_NUMBER.exec(value) ?? [];
  if (number === undefined) return 'must be a valid DEA number (2 letters and 7 digits)';
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, check = 0] = toDigits(number);
  if ((a + c + e + 2 * (b + d + f)) % 10 !== check) {
    return 'must be a valid DEA number (its check digit is wrong)';
  }
  return undefined;
}

/** Area code and exchange begin with 2 to 9 and are not a service code such as 911. */
const US_PHONE_NUMBER = /^(?:\+?1)?(?:[2-9](?!11)[0-9]{2}){2}[0-9]{4}$/;

/**
 * The North American Numbering Plan (NANPA; ITU-T E.164, country code 1). Separators may be where the
 * contract allows them; an extension is not part of the plan.
 */
function phoneRule(value: string): string | undefined {
  if (US_PHONE_NUMBER.test(withoutExtension(value).replace(/[ .()-]/g, ''))) return undefined;
  return 'must be a valid US phone number (area code, exchange and line, 10 digits)';
}

function toDigits(value: string): number[] {
  return Array.from(value, Number);
}
