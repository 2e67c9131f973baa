/** Submitting work fails as if the GPU had been taken away. Returns how it comes back. */
export function loseDevice(): () => void;
/** The same, and no device is given in its place. */
export function loseForGood(): void;
/** No memory is given any more. Returns how it is given again. */
export function exhaustMemory(): () => void;
