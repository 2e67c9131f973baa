/** What the default rules find: rule, text, and what stands for it. */

// Put together here, so that no scanner of source code takes them for leaked keys.
const letters = 'A1b2C3d4E5f6G7h8I9j0'.repeat(4);

export const replaced: readonly (readonly [rule: string, text: string, replacement: string])[] = [
  ['aws-access-key', `AK${'IA'}IOSFODNN7EXAMPLE`, '[secret]'],
  ['github-token', `gh${'p'}_${letters.slice(0, 36)}`, '[secret]'],
  ['gitlab-token', `glp${'at'}-${letters.slice(0, 20)}`, '[secret]'],
  ['model-api-key', `sk${'-'}proj-${letters.slice(0, 48)}`, '[secret]'],
  ['model-api-key', `sk${'-'}${letters.slice(0, 48)}`, '[secret]'],
  ['google-key', `AI${'za'}${letters.slice(0, 35)}`, '[secret]'],
  ['google-key', `GOC${'SPX'}-${letters.slice(0, 28)}`, '[secret]'],
  ['google-key', `"private${'_key'}_id": "${'0a1b2c3d4e'.repeat(4)}"`, '[secret]'],
  ['aws-secret-key', `aws_secret${'_access'}_key = ${letters.slice(0, 40)}`, '[secret]'],
  ['azure-key', `Account${'Key'}=${letters.slice(0, 80)}${letters.slice(0, 6)}==`, '[secret]'],
  ['azure-key', `abc8${'Q~'}${letters.slice(0, 34)}`, '[secret]'],
  ['gitlab-token', `gl${'rt'}-${letters.slice(0, 20)}`, '[secret]'],
  ['bitbucket-token', `AT${'BB'}${letters.slice(0, 32)}`, '[secret]'],
  ['model-api-key', `h${'f'}_${letters.slice(0, 34)}`, '[secret]'],
  ['package-token', `np${'m'}_${letters.slice(0, 36)}`, '[secret]'],
  ['package-token', `py${'pi'}-AgEIcHlwaS5vcmc${letters.slice(0, 70)}`, '[secret]'],
  ['package-token', `dckr${'_pat'}_${letters.slice(0, 27)}`, '[secret]'],
  ['slack-token', `hooks.slack${'.com'}/services/T0A1B2C3D/B0A1B2C3D/${letters.slice(0, 24)}`, '[secret]'],
  ['service-token', `S${'G'}.${letters.slice(0, 22)}.${letters.slice(0, 43)}`, '[secret]'],
  [
    'json-web-token',
    `ey${'J'}${letters.slice(0, 20)}.ey${'J'}${letters.slice(0, 60)}.${letters.slice(0, 43)}`,
    '[secret]',
  ],
  ['stripe-key', `sk${'_'}live_${letters.slice(0, 24)}`, '[secret]'],
  ['slack-token', `xo${'xb'}-123456789012-${letters.slice(0, 24)}`, '[secret]'],
  ['account/payment-card', '4111 1111 1111 1111', '[card]'],
  ['account/payment-card', '5555-5555-5555-4444', '[card]'],
  ['account/payment-card', '378282246310005', '[card]'],
  ['account/iban', 'DE89 3704 0044 0532 0130 00', '[iban]'],
  ['national-id/us-ssn', '536-22-8726', '[national-id]'],
  ['contact/email', 'anna@example.com', '[email]'],
  ['contact/phone', '+44 20 7946 0958', '[phone]'],
  ['contact/phone', '(415) 555-2671', '[phone]'],
  ['contact/ip-address', '93.184.216.34', '[ip-address]'],
  ['national-id/gb-nino', 'AB123456C', '[national-id]'],
  ['national-id/de-tax-id', '86095742719', '[national-id]'],
  ['national-id/fr-nir', '253072B07300470', '[national-id]'],
  ['national-id/es-dni', '12345678Z', '[national-id]'],
  ['national-id/it-tax-code', 'RSSMRA85T10A562S', '[national-id]'],
  ['national-id/br-cpf', '390.533.447-05', '[national-id]'],
  ['national-id/in-aadhaar', '2341 2341 2346', '[national-id]'],
  ['national-id/pl-pesel', '44051401359', '[national-id]'],
  ['national-id/cn-id', '11010519491231002X', '[national-id]'],
];

export const blocked: readonly (readonly [rule: string, text: string])[] = [
  ['private-key', `-----BEGIN RSA PRIVATE${' '}KEY-----\n${letters}`],
  ['private-key', `-----BEGIN PRIVATE${' '}KEY-----\\n${letters}`],
  ['weapon-instructions', 'How to MAKE a\u200b  pipe bomb'],
  ['self-harm-encouragement', 'you should just kill yourself'],
];
