import { z } from 'zod';
import { address } from './address.ts';
import { object, requiredText, text } from './fields.ts';
import { dateOfBirth, email, phoneNumber } from './formats.ts';
import { isBlank } from './invisible-characters.ts';
import { type FieldError, isRecord, type Parsed, parseBody, withFaults } from './validation.ts';

/** The patient of a case (docs/api.md, "Cases"). Some people have one name only; see `findNameFault`. */
const patient = object({
  firstName: z.exactOptional(text()).meta({ description: 'The patient’s first name.' }),
  lastName: z.exactOptional(text()).meta({ description: 'The patient’s last name.' }),
  dateOfBirth: z.exactOptional(dateOfBirth()),
  email: z.exactOptional(email()),
  phoneNumber: z.exactOptional(phoneNumber()),
  address: z.exactOptional(address).meta({
    description: 'The shipping address of orders that have none.',
  }),
}).meta({ id: 'Patient', description: 'The patient of a case, with one name at least.' });

/** The body of `PUT /api/v1/cases/:caseId`. */
export const putCaseRequest = object({ patient }).meta({ id: 'PutCase' });

const CASE_ID = /^[A-Za-z0-9][A-Za-z0-9._~:@-]{0,254}$/;

/**
 * The id of a case, which the organization's own system chooses. It is part of URLs, so it contains
 * only characters that need no encoding, and begins with a letter or digit, which rules out `.` and
 * `..`.
 */
export function caseId() {
  return text()
    .regex(CASE_ID, {
      error: 'must be 1 to 255 letters, digits and -._~:@, and begin with a letter or digit',
    })
    .meta({ minLength: 1, maxLength: 255, pattern: CASE_ID.source });
}

/** One line of a file of cases that an operator imports. */
const importedCase = object({
  id: requiredText().pipe(caseId()),
  patient,
});

/** The patient of a case: known fields only, none of them `null`. */
export type Patient = z.output<typeof patient>;

/** The body of `PUT /api/v1/cases/:caseId`. */
export type PutCaseRequest = z.output<typeof putCaseRequest>;

/** A case with its id. */
export type ImportedCase = z.output<typeof importedCase>;

/**
 * Checks the body of `PUT /api/v1/cases/:caseId`.
 *
 * @param body any JSON value.
 * @returns the request, or every problem. Never throws.
 */
export function parsePutCase(body: unknown): Parsed<PutCaseRequest> {
  return withFaults(parseBody(putCaseRequest, body), findNameFault(body), ROWS);
}

/** Checks one line of a file of cases, `{"id", "patient"}`. See {@link parsePutCase}. */
export function parseImportedCase(body: unknown): Parsed<ImportedCase> {
  return withFaults(parseBody(importedCase, body), findNameFault(body), ROWS);
}

const ROWS = [
  ...['id', 'patient'],
  ...Object.keys(patient.out.shape).map((field) => `patient.${field}`),
];

function findNameFault(body: unknown): FieldError[] {
  if (!isRecord(body) || !isRecord(body['patient'])) return [];
  const { firstName = '', lastName = '' } = body['patient'];
  const isMissing = (name: unknown) => name === null || (typeof name === 'string' && isBlank(name));
  if (!isMissing(firstName) || !isMissing(lastName)) return [];
  const field = 'firstName';
  return [{ path: `patient.${field}`, field, message: 'firstName or lastName is required' }];
}
