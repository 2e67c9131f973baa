/** Failures of a device, told from others by what ONNX Runtime and the drivers say: they give them no codes. */
import { type ErrorCode, OctavoError } from '../../errors.js';

/**
 * Nothing on the device can be used again: its driver was reset, or the GPU taken away. Words of Dawn (WebGPU), of Vulkan, of DXGI,
 * and of CUDA's errors that stay.
 */
const lost =
  /\[Device\] is lost|device (?:was |is )?lost|VK_ERROR_DEVICE_LOST|DXGI_ERROR_DEVICE_(?:REMOVED|HUNG|RESET)|887A000[567]|CUDA[^\n]*(?:illegal memory access|unspecified launch failure|device-side assert|uncorrectable|GPU is lost)/i;

/**
 * WebGPU gives a buffer that is invalid where memory lacks, and fails the run that uses it. ONNX Runtime keeps the buffer for later
 * runs, which fail in turn: only a device that is opened anew is without it.
 */
const invalidBuffer = /\[Invalid Buffer[^\n]*is invalid due to a previous error/i;

/** WebGPU has the attention of decoders alone. */
const looksBothWays = /GroupQueryAttention \(WebGPU\): causal=0 is not implemented/;

/** Memory was asked for and not given. */
const outOfMemory =
  /VK_ERROR_OUT_OF_(?:DEVICE|HOST)_MEMORY|out of memory|Failed to allocate memory|cudaErrorMemoryAllocation|bad_alloc|E_OUTOFMEMORY|8007000E/i;

const lostMessage = 'The device that computes the model was lost and is being opened again; try again in a moment.';
const invalidMessage =
  'The device that computes the model had no memory left and is being opened again; try again in a moment, or ask for less at once.';
const memoryMessage =
  'The device that computes the model has no memory left for this; try again, or ask for less at once.';

const encoderMessage =
  'This encoder does not run on WebGPU, where attention cannot look both ways; --device cpu runs it.';

/** What a failed run of a graph, or a failed allocation, means: `device_lost`, `device_out_of_memory`, or `internal_error`. */
export function runFailure(error: Error): OctavoError {
  const { message } = error;
  if (lost.test(message)) return failure('device_lost', lostMessage, error);
  if (invalidBuffer.test(message)) return failure('device_lost', invalidMessage, error);
  if (outOfMemory.test(message)) return failure('device_out_of_memory', memoryMessage, error);
  return failure('internal_error', `ONNX Runtime failed: ${message}`, error);
}

/** What it means that a graph cannot be loaded: the device's fault, or `invalid_model`. */
export function loadFailure(error: Error): OctavoError {
  const { message } = error;
  if (lost.test(message)) return failure('device_lost', lostMessage, error);
  if (looksBothWays.test(message)) return failure('invalid_model', encoderMessage, error);
  const code = lacksMemory(error) ? 'device_out_of_memory' : 'invalid_model';
  return failure(code, `ONNX Runtime cannot load the model: ${message}`, error);
}

/** Whether a failure, or what it came from, is that memory was not given. */
export function lacksMemory({ message, cause }: Error): boolean {
  if (invalidBuffer.test(message) || outOfMemory.test(message)) return true;
  return cause instanceof Error && lacksMemory(cause);
}

/** For those who were on a lost device and did not see it themselves. */
export function lostDevice(): OctavoError {
  return new OctavoError('device_lost', lostMessage);
}

function failure(code: ErrorCode, message: string, cause: Error): OctavoError {
  return new OctavoError(code, message, null, { cause });
}
