/** E-mail addresses, telephone numbers and addresses on the internet. */
import { isIP } from 'node:net';

/** Names of files look like domains: "icon@2x.png". */
const fileEndings =
  /\.(?:png|jpe?g|gif|svg|webp|bmp|ico|js|ts|jsx|tsx|css|html?|json|xml|ya?ml|txt|log|zip|gz|conf|service)$/i;

export function isEmail(text: string): boolean {
  return !fileEndings.test(text);
}

/** Country codes (ITU-T E.164). */
const countryCodes = new RegExp(
  '^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[12368]|2[2346]\\d|25[0-8]|29[01789]|35\\d|37\\d|38[0-35-79]|42[013]|50\\d|59\\d|' +
    '67[02-9]|68\\d|69[0-2]|85[02356]|88[06]|96[0-8]|97[0-79]|99[2-68])',
);

/** International: eight to fifteen digits behind a country code. */
export function isInternationalPhone(text: string): boolean {
  const digits = text.replace(/^00/, '').replaceAll(/\D/g, '');
  return digits.length >= 8 && digits.length <= 15 && countryCodes.test(digits);
}

/** Not of a person: private, local, reserved, for documentation, and the masks of networks. */
const reservedV4 =
  /^(?:0|10|127|169\.254|172\.(?:1[6-9]|2\d|3[01])|192\.(?:168|0\.[02])|198\.(?:1[89]|51\.100)|203\.0\.113|22[4-9]|2[3-5]\d|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./;

/** A public address of version 4, or of version 6 in 2000::/3 but 2001:db8::/32. */
export function isPublicIp(text: string): boolean {
  const version = isIP(text);
  if (version === 4) return !reservedV4.test(text);
  return version === 6 && !/^2001:0?db8:/i.test(text);
}
