/** Personal data that a rule can ask for by name: how a candidate looks, and which candidates are real. */
import { isIban, isPaymentCard } from './bank-numbers.js';
import { isEmail, isInternationalPhone, isPublicIp } from './contacts.js';
import * as ids from './national-ids.js';
import { compilePattern, type Pattern } from './pattern.js';

export interface Entity {
  /** Finds candidates, of bounded length. */
  readonly pattern: Pattern;
  /** What stands for it when the rule does not say. */
  readonly placeholder: string;
  /** `before` are the two characters before the candidate, or what there is of them. */
  isReal(candidate: string, before: string): boolean;
}

interface EntitySource {
  /** RE2 syntax. */
  readonly pattern: string;
  readonly placeholder: string;
  readonly isReal: Entity['isReal'];
}

/** Letters and digits of addresses, in a class. In scripts without spaces every sentence could be the start of one. */
const letters = 'A-Za-z0-9\\x{C0}-\\x{24F}\\p{Greek}\\p{Cyrillic}';
/** An address begins where an ASCII word does, or with a letter beyond ASCII. */
const emailStart = '(?:\\b[A-Za-z0-9_]|[\\x{C0}-\\x{24F}\\p{Greek}\\p{Cyrillic}])';

const national = [
  '(?:\\b1[-. ])?(?:\\([2-9]\\d{2}\\) ?|\\b[2-9]\\d{2}[-. ])[2-9]\\d{2}[-. ]\\d{4}\\b', // North America
  '\\b0[1-9](?:[ .-]\\d{2}){4}\\b|\\b0[67]\\d{8}\\b', // France
  '\\b0(?:20[ -]\\d{4}[ -]?\\d{4}|1\\d{2}[ -]\\d{3}[ -]\\d{4}|1\\d{3}[ -]\\d{6}|7\\d{3}[ -]?(?:\\d{6}|\\d{3}[ -]\\d{3}))\\b', // UK
  '\\b0(?:30|40|69|89)[ /-]\\d{6,8}\\b|\\b0[2-9]\\d{2,3}[ /-]\\d{5,8}\\b|\\b01[5-7]\\d[ /-]?\\d{7,8}\\b', // Germany
  '\\b0\\d-\\d{4}-\\d{4}\\b|\\b0\\d{2}-\\d{3,4}-\\d{4}\\b|\\b0\\d{3}-\\d{2}-\\d{4}\\b', // Japan, Korea
  '\\b1[3-9]\\d[ -]?\\d{4}[ -]?\\d{4}\\b', // China
  '\\b[6-9]\\d{4}[ -]\\d{5}\\b', // India
  '\\([1-9]\\d\\) ?9?\\d{4}-\\d{4}\\b', // Brazil
].join('|');

const digitsOf = (text: string) => text.replaceAll(/[ ./-]/g, '');
/** Does a longer number go on here? "300-22-8688" is no number of its own in "1-300-22-8688". */
const goesOn = (before: string) => /\d[ ./-]$/.test(before);
const nationalId = (pattern: string, isReal: (digits: string) => boolean): EntitySource => ({
  ...{ pattern, placeholder: '[national-id]' },
  isReal: (candidate, before) => !goesOn(before) && isReal(digitsOf(candidate)),
});

const sources = {
  email: {
    pattern: `${emailStart}[${letters}_%+'-]{0,63}(?:\\.[${letters}_%+'-]{1,64}){0,5}@(?:[${letters}][${letters}-]{0,62}\\.){1,6}(?:[A-Za-z]{2,24}\\b|[\\x{C0}-\\x{24F}\\p{Greek}\\p{Cyrillic}]{2,24})`,
    placeholder: '[email]',
    isReal: isEmail,
  },
  phone: {
    pattern: `(?:\\+|\\b00)[1-9](?:[ .()/-]{0,2}\\d){7,14}\\b|${national}`,
    placeholder: '[phone]',
    isReal: (text, before) => !goesOn(before) && (!/^(?:\+|00)/.test(text) || isInternationalPhone(text)),
  },
  iban: {
    pattern: '(?i)\\b[A-Z]{2}\\d{2}(?:[ -]?[A-Z0-9]{1,4}){3,8}\\b',
    placeholder: '[iban]',
    isReal: isIban,
  },
  'payment-card': { pattern: '\\b\\d(?:[ -]?\\d){12,18}\\b', placeholder: '[card]', isReal: isPaymentCard },
  'ip-address': {
    pattern: '\\b(?:\\d{1,3}\\.){3}\\d{1,3}\\b|(?i)\\b[23][0-9A-F]{3}(?::[0-9A-F]{0,4}){2,7}\\b',
    placeholder: '[ip-address]',
    isReal: isPublicIp,
  },
  'us-ssn': nationalId('\\b\\d{3}(?:-\\d{2}-| \\d{2} )\\d{4}\\b', ids.isUsSsn),
  'gb-nino': nationalId('(?i)\\b[A-Z]{2} ?\\d{2} ?\\d{2} ?\\d{2} ?[A-D]\\b', ids.isGbNino),
  'de-tax-id': nationalId('\\b(?:\\d{11}|\\d{2} \\d{3} \\d{3} \\d{3})\\b', ids.isDeTaxId),
  'fr-nir': nationalId('(?i)\\b[12] ?\\d{2} ?\\d{2} ?(?:\\d{2}|2[AB]) ?\\d{3} ?\\d{3} ?\\d{2}\\b', ids.isFrNir),
  'es-dni': nationalId('(?i)\\b(?:\\d{8}|[XYZ]-?\\d{7})[ -]?[A-Z]\\b', ids.isEsDni),
  'it-tax-code': nationalId('(?i)\\b[A-Z]{6}\\d{2}[A-EHLMPRST]\\d{2}[A-Z]\\d{3}[A-Z]\\b', ids.isItTaxCode),
  'br-cpf': nationalId('\\b\\d{3}\\.\\d{3}\\.\\d{3}-\\d{2}\\b', ids.isBrCpf),
  'in-aadhaar': nationalId('\\b[2-9]\\d{3}(?: \\d{4} |-\\d{4}-)\\d{4}\\b', ids.isInAadhaar),
  'pl-pesel': nationalId('\\b\\d{11}\\b', ids.isPlPesel),
  'cn-id': nationalId('(?i)\\b[1-9]\\d{5}(?:18|19|20)\\d{9}[\\dX]\\b', ids.isCnId),
} satisfies Record<string, EntitySource>;

export type EntityName = keyof typeof sources;
export const entityNames = Object.keys(sources) as [EntityName, ...EntityName[]];

const compiled = new Map<EntityName, Entity>();

export function entity(name: EntityName): Entity {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const { pattern, placeholder, isReal } = sources[name];
  const made: Entity = { pattern: compilePattern(pattern), placeholder, isReal };
  compiled.set(name, made);
  return made;
}
