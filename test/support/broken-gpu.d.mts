/** Submitting work fails as if the GPU had been taken away. Returns how it comes back. */
export function loseDevice(): () => void;
/** No memory is given any more. Returns how it is given again. */
export function exhaustMemory(): () => void;
