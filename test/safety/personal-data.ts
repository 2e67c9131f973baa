/** Personal data made up for tests, by the rules of those who give it out, and what only looks like it. */
import type { EntityName } from '#octavo/safety/entities.js';
import type { Random } from '../support/random.js';

interface Samples {
  /** Published examples, or structurally certain ones. */
  readonly examples: readonly string[];
  readonly real: (random: Random) => string;
  /** One digit wrong, a prefix that is not given out, a length or form that does not exist. */
  readonly nearMiss: (random: Random) => string;
}

const digits = '0123456789'.split('');
const capitals = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('');
const names = ['anna', 'jo.smith', 'wei_ling', 'k-o', 'müller', 'd.v+news', 'x1', "marie.o'neil"];
const hosts = ['example.com', 'mail.example.org', 'firma.de', 'a-b.co.uk', 'uni.edu', 'bücher.example', 'x.io'];
const number = (random: Random, length: number) => random.text(digits, length);
const from = (random: Random, low: number, high: number) =>
  String(random.between(low, high)).padStart(String(high).length, '0');

/** The digits with the one appended that makes the whole of them pass. */
function completed(start: string, passes: (whole: string) => boolean, choices: readonly string[] = digits): string {
  const last = choices.find((choice) => passes(start + choice));
  return last === undefined
    ? completed(`${start.slice(0, -1)}${(Number(start.at(-1)) + 1) % 10}`, passes, choices)
    : start + last;
}

/** One digit changed, which every check digit here finds. */
function wrong(random: Random, right: string): string {
  const places = Array.from(right, (_, at) => at).filter((at) => /\d/.test(right[at]!) && at > 4);
  const at = random.pick(places);
  return right.slice(0, at) + ((Number(right[at]) + random.between(1, 9)) % 10) + right.slice(at + 1);
}

function grouped(text: string, sizes: readonly number[], separator: string): string {
  const starts = sizes.map((_, part) => sizes.slice(0, part).reduce((sum, size) => sum + size, 0));
  return sizes.map((size, part) => text.slice(starts[part]!, starts[part]! + size)).join(separator);
}

const luhn = (text: string) =>
  [...text].reverse().reduce((sum, digit, at) => sum + (at % 2 ? [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][+digit]! : +digit), 0) %
    10 ===
  0;

function card(random: Random): string {
  const prefix = random.pick(['4', '51', '55', '2221', '2720', '34', '37', '6011', '65', '62', '36', '3530', '6759']);
  const length = /^3[47]/.test(prefix) ? 15 : prefix === '36' ? 14 : 16;
  const whole = completed(prefix + number(random, length - 1 - prefix.length), luhn);
  const sizes = length === 16 ? [4, 4, 4, 4] : length === 15 ? [4, 6, 5] : [4, 6, 4];
  return grouped(whole, sizes, random.pick(['', ' ', '-']));
}

const ibanForms = { DE: 18, GB: 18, FR: 23, ES: 20, IT: 23, NL: 14, CH: 17, NO: 11, PL: 24, PT: 21, AT: 16, BE: 12 };

function iban(random: Random): string {
  const country = random.pick(Object.keys(ibanForms)) as keyof typeof ibanForms;
  const bank = country === 'GB' || country === 'NL' ? random.text(capitals, 4) : '';
  const account = bank + number(random, ibanForms[country] - bank.length);
  const value = Array.from(`${account}${country}00`, (character) => Number.parseInt(character, 36)).join('');
  const whole = `${country}${String(98n - (BigInt(value) % 97n)).padStart(2, '0')}${account}`;
  return random.below(2) ? whole : whole.replaceAll(/.{4}(?=.)/g, '$& ');
}

/** Verhoeff's check by its published table of the dihedral group. */
const dihedral = '0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210';
function verhoeff(text: string): boolean {
  let sum = 0;
  for (const [at, digit] of [...text].reverse().entries()) {
    let value = +digit;
    for (let time = 0; time < at % 8; time++) value = +'1576283094'[value]!;
    sum = +dihedral[sum * 10 + value]!;
  }
  return sum === 0;
}

function deTaxId(random: Random): string {
  const ten = random.shuffle([...digits]).slice(0, 9);
  ten.splice(random.between(1, 8), 0, ten[0] === '0' ? ten[1]! : ten[0]!);
  if (ten[0] === '0') ten.reverse();
  if (ten[0] === '0') return deTaxId(random);
  return completed(ten.join(''), (whole) => {
    const product = ten.reduce((so, digit) => (((+digit + so) % 10 || 10) * 2) % 11, 10);
    return (11 - product) % 10 === +whole.at(-1)!;
  });
}

const day = (random: Random) => from(random, 1, 12) + from(random, 10, 28);
const sumOf = (text: string, weights: readonly number[]) =>
  weights.reduce((sum, weight, at) => sum + weight * +text[at]!, 0);

function cnId(random: Random): string {
  const start = `${random.between(110101, 659001)}${random.between(1930, 2015)}${day(random)}${number(random, 3)}`;
  const sum = [...start].reduce((so, digit, at) => so + +digit * (2 ** (17 - at) % 11), 0);
  return start + '10X98765432'[sum % 11]!;
}

function frNir(random: Random): string {
  const start = `${random.between(1, 2)}${number(random, 2)}${from(random, 1, 12)}${from(random, 10, 95)}${number(random, 6)}`;
  const whole = start + String(97n - (BigInt(start) % 97n)).padStart(2, '0');
  return random.below(2) ? whole : grouped(whole, [1, 2, 2, 2, 3, 3, 2], ' ');
}

function brCpf(random: Random): string {
  let text = number(random, 9);
  for (let length = 9; length < 11; length++) {
    const rest = [...text].reduce((sum, digit, at) => sum + +digit * (length + 1 - at), 0) % 11;
    text += rest < 2 ? 0 : 11 - rest;
  }
  return `${grouped(text.slice(0, 9), [3, 3, 3], '.')}-${text.slice(9)}`;
}

/** Digits and letters at odd places of a codice fiscale, from the decree. */
const itOdd = 'BAKPLCQDREVOSFTGUHMINJWZYX';

function itTaxCode(random: Random): string {
  const start = `${random.text(capitals, 6)}${number(random, 2)}${random.pick([...'ABCDEHLMPRST'])}${from(random, 10, 28)}${random.pick(capitals)}${number(random, 3)}`;
  const value = (character: string) => (/\d/.test(character) ? +character : character.charCodeAt(0) - 65);
  const sum = [...start].reduce(
    (so, character, at) => so + (at % 2 ? value(character) : itOdd.indexOf(capitals[value(character)]!)),
    0,
  );
  return start + capitals[sum % 26]!;
}

export const samples: Readonly<Record<EntityName, Samples>> = {
  email: {
    examples: [
      'anna@example.com',
      'a.b+c@mail.example.co.uk',
      "o'hara@x.io",
      'müller@bücher.example',
      'élise@example.fr',
    ],
    real: (random) => `${random.pick(names)}${random.below(100)}@${random.pick(hosts)}`,
    nearMiss: (random) =>
      random.pick(['@anna', 'anna@', 'icon@2x.png', 'a @ b.com', 'anna@localhost', 'v@1.2.3', 'x at y.com', 'me@home']),
  },
  phone: {
    examples: [
      '+1 415 555 2671',
      '+442079460958',
      '+49 (0)30 123456',
      '(415) 555-2671',
      '415-555-2671',
      '020 7946 0958',
      '01 23 45 67 89',
      '03-1234-5678',
      '0171 1234567',
    ],
    real: (random) =>
      random.pick([
        () =>
          `+${random.pick(['1 415', '44 20', '49 30', '33 1', '81 3', '86 138', '91 98', '55 11', '34 6', '48 22'])} ${number(random, 3)} ${number(random, 5)}`,
        () => `+${random.pick(['1415', '4420', '4930', '331', '86138'])}${number(random, 7)}`,
        () => `(${random.between(201, 989)}) ${random.between(200, 999)}-${number(random, 4)}`,
        () => `${random.between(201, 989)}${random.pick(['-', '.'])}${random.between(200, 999)}-${number(random, 4)}`,
        () => `0${random.between(1, 9)} ${grouped(number(random, 8), [2, 2, 2, 2], ' ')}`,
        () => `020 ${number(random, 4)} ${number(random, 4)}`,
        () => `07${number(random, 3)} ${number(random, 6)}`,
        () => `030 ${number(random, 7)}`,
        () => `03-${number(random, 4)}-${number(random, 4)}`,
        () => `13${random.below(10)} ${number(random, 4)} ${number(random, 4)}`,
        // Not found: no separator and no country code, or a country whose national form is not known.
        () => `${random.between(201, 989)}${number(random, 7)}`,
        () => `6${number(random, 2)} ${number(random, 3)} ${number(random, 3)}`,
      ])(),
    nearMiss: (random) =>
      random.pick([
        () => `115-${random.between(200, 999)}-${number(random, 4)}`,
        () => `415-155-${number(random, 4)}`,
        () => `+${number(random, 5)}`,
        () => `20${from(random, 10, 29)}-${day(random).slice(0, 2)}-${day(random).slice(2)}`,
        () => `${number(random, 3)}-${number(random, 3)}`,
        () => `+210 ${number(random, 8)}`,
        () => `${random.between(1, 9)} ${number(random, 3)} ${number(random, 3)}`,
        () => `$${random.between(1, 999)}.${number(random, 2)}`,
      ])(),
  },
  iban: {
    examples: [
      'DE89 3704 0044 0532 0130 00',
      'GB29NWBK60161331926819',
      'FR1420041010050500013M02606',
      'NO93 8601 1117 947',
      'MT84MALT011000012345MTLCAST001S',
      'ch93-0076-2011-6238-5295-7',
    ],
    real: iban,
    nearMiss: (random) =>
      random.pick([() => wrong(random, iban(random)), () => `${iban(random)}7`, () => `AB${iban(random).slice(2)}`])(),
  },
  'payment-card': {
    examples: [
      '4111 1111 1111 1111',
      '5555-5555-5555-4444',
      '378282246310005',
      '3714 496353 98431',
      '6011111111111117',
      '30569309025904',
      '3530111333300000',
      '2223003122003222',
      '4222222222222',
    ],
    real: card,
    nearMiss: (random) =>
      random.pick([
        () => wrong(random, card(random)),
        () => `${card(random)}0`,
        () => completed(`1${number(random, 14)}`, luhn),
        () => grouped(completed(`4${number(random, 14)}`, luhn), [3, 3, 3, 3, 4], ' '),
      ])(),
  },
  'ip-address': {
    examples: ['8.8.8.8', '93.184.216.34', '2001:4860:4860::8888', '2a00:1450:4001:81b:0:0:0:200e'],
    real: (random) =>
      random.below(2)
        ? `${random.pick(['5', '34', '81', '93', '151', '212'])}.${random.below(256)}.${random.below(256)}.${random.below(256)}`
        : `2a0${random.below(10)}:${Array.from({ length: 7 }, () => random.below(65536).toString(16)).join(':')}`,
    nearMiss: (random) =>
      random.pick([
        '127.0.0.1',
        '192.168.1.7',
        '10.0.0.1',
        '256.1.1.1',
        '255.255.255.0',
        'v5.6.7.8',
        '1.2.3',
        '2001:db8::1',
        '12:30:45',
        '5.06.7.8',
        'fe80::1',
      ]),
  },
  'us-ssn': {
    examples: ['536-22-8726', '219 09 9999'],
    real: (random) =>
      `${random.pick([from(random, 100, 665), from(random, 667, 899)])}-${from(random, 10, 99)}-${from(random, 1000, 9999)}`,
    nearMiss: (random) =>
      random.pick([
        '666-12-3456',
        '900-12-3456',
        '000-12-3456',
        '123-00-4567',
        '123-45-0000',
        '123-456-789',
        '123456789',
        '1234-56-789',
        '123-45 6789',
      ]),
  },
  'gb-nino': {
    examples: ['AB123456C', 'JG 10 37 59 A'],
    real: (random) =>
      `${random.pick(['AB', 'CE', 'HK', 'JG', 'PW', 'SX'])}${random.below(2) ? number(random, 6) : ` ${grouped(number(random, 6), [2, 2, 2], ' ')} `}${random.pick([...'ABCD'])}`,
    nearMiss: (random) =>
      `${random.pick(['DA', 'FZ', 'AO', 'BG', 'ZZ', 'QQ'])}${number(random, 6)}${random.pick([...'ABCDE'])}`,
  },
  'de-tax-id': {
    examples: ['86095742719', '47 036 892 816', '65929970489'],
    real: deTaxId,
    nearMiss: (random) =>
      random.pick([
        () => wrong(random, deTaxId(random)),
        () => `${deTaxId(random)}1`,
        () => deTaxId(random).slice(1),
      ])(),
  },
  'fr-nir': {
    examples: ['2 95 10 99 126 111 93', '253072B07300470', '253072A07300443'],
    real: frNir,
    nearMiss: (random) => random.pick([() => wrong(random, frNir(random)), () => `3${frNir(random).slice(1)}`])(),
  },
  'es-dni': {
    examples: ['12345678Z', '12345678-Z', 'X1234567L', 'X-2482300W'],
    real: (random) => {
      const start = number(random, 8);
      return start + 'TRWAGMYFPDXBNJZSQVHLCKE'[+start % 23]!;
    },
    nearMiss: (random) => {
      const start = number(random, 8);
      return start + 'TRWAGMYFPDXBNJZSQVHLCKE'[(+start + random.between(1, 22)) % 23]!;
    },
  },
  'it-tax-code': {
    examples: ['RSSMRA85T10A562S', 'RCCMNL83S18D969H'],
    real: itTaxCode,
    nearMiss: (random) => {
      const code = itTaxCode(random);
      return code.slice(0, -1) + capitals[(capitals.indexOf(code.at(-1)!) + random.between(1, 25)) % 26]!;
    },
  },
  'br-cpf': {
    examples: ['390.533.447-05', '111.444.777-35'],
    real: brCpf,
    nearMiss: (random) => random.pick([() => wrong(random, brCpf(random)), () => '111.111.111-11'])(),
  },
  'in-aadhaar': {
    examples: ['2341 2341 2346'],
    real: (random) =>
      grouped(completed(`${random.between(2, 9)}${number(random, 10)}`, verhoeff), [4, 4, 4], random.pick([' ', '-'])),
    nearMiss: (random) =>
      wrong(random, grouped(completed(`${random.between(2, 9)}${number(random, 10)}`, verhoeff), [4, 4, 4], ' ')),
  },
  'pl-pesel': {
    examples: ['44051401359', '02070803628'],
    real: (random) =>
      completed(
        `${number(random, 2)}${day(random)}${number(random, 4)}`,
        (whole) => sumOf(whole, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
      ),
    nearMiss: (random) =>
      random.pick([
        () => `${number(random, 2)}${random.pick(['13', '19', '00'])}${number(random, 7)}`,
        () => wrong(random, samples['pl-pesel'].real(random)),
      ])(),
  },
  'cn-id': {
    examples: ['11010519491231002X', '360426199101010071'],
    real: cnId,
    nearMiss: (random) =>
      random.pick([
        () => wrong(random, cnId(random)),
        () => cnId(random).slice(0, 17),
        () => `0${cnId(random).slice(1)}`,
      ])(),
  },
};
