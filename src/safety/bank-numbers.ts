/** Numbers of bank accounts and payment cards. */
import { passesLuhn, remainder } from './checksums.js';

/** Lengths of IBANs by country (SWIFT's IBAN registry). */
const ibanLengths = new Map(
  [
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24',
    'FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32',
    'LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24',
    'RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30',
  ]
    .join(' ')
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Written in one, or in groups of four. ISO 13616: with its first four characters moved to the end, 1 modulo 97. */
export function isIban(text: string): boolean {
  const groups = text.split(/[ -]/);
  if (groups.length > 1 && groups.slice(0, -1).some(({ length }) => length !== 4)) return false;
  const number = groups.join('').toUpperCase();
  const isLength = ibanLengths.get(number.slice(0, 2)) === number.length;
  return isLength && remainder(number.slice(4) + number.slice(0, 4), 97) === 1;
}

/** Issuers' first digits, and how many digits their cards have. */
const issuers: readonly (readonly [prefix: RegExp, lengths: readonly number[]])[] = [
  [/^4/, [13, 16, 19]], // Visa
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]], // Mastercard
  [/^3[47]/, [15]], // American Express
  [/^(?:6011|64[4-9]|65|62|35(?:2[89]|[3-8]))/, [16, 17, 18, 19]], // Discover, UnionPay, JCB
  [/^(?:30[0-5]|36|38|39)/, [14]], // Diners Club
  [/^(?:50(?:18|20|38)|5893|6304|6759|676[1-3])/, [13, 14, 15, 16, 17, 18, 19]], // Maestro
];

/** The groups in which card numbers are written, when they are not written in one. */
const cardGroups = ['4 4 4 4', '4 6 5', '4 6 4', '4 4 4 4 1', '4 4 4 4 2', '4 4 4 4 3', '4 4 4 1'];

export function isPaymentCard(text: string): boolean {
  const groups = text.split(/[ -]/);
  const digits = groups.join('');
  if (groups.length > 1 && !cardGroups.includes(groups.map(({ length }) => length).join(' '))) return false;
  const isIssued = issuers.some(([prefix, lengths]) => prefix.test(digits) && lengths.includes(digits.length));
  return isIssued && passesLuhn(digits);
}
