/**
 * The functions of ONNX Runtime's C API that Octavo calls, by position in the table `OrtApi` of onnxruntime_c_api.h (MIT).
 * The table only ever grows, so a position holds for every later version.
 */

/** Version of the table that is asked for: the oldest one whose positions cover what is listed here. */
export const apiVersion = 22;

const path = process.platform === 'win32' ? 'str16' : 'str';

/** name: [position, result, arguments]. A `void *` result is an OrtStatus: null is success. */
export const table = {
  GetErrorMessage: [2, 'str', ['void *']],
  DisableTelemetryEvents: [6, 'void *', ['void *']],
  CreateSession: [7, 'void *', ['void *', path, 'void *', 'void *']],
  CreateSessionFromArray: [8, 'void *', ['void *', 'void *', 'size_t', 'void *', 'void *']],
  CreateSessionOptions: [10, 'void *', ['void *']],
  EnableProfiling: [14, 'void *', ['void *', path]],
  DisableMemPattern: [17, 'void *', ['void *']],
  SetSessionLogSeverityLevel: [22, 'void *', ['void *', 'int']],
  SetIntraOpNumThreads: [24, 'void *', ['void *', 'int']],
  SessionGetInputCount: [30, 'void *', ['void *', 'void *']],
  SessionGetOutputCount: [31, 'void *', ['void *', 'void *']],
  SessionGetOverridableInitializerCount: [32, 'void *', ['void *', 'void *']],
  SessionGetOutputTypeInfo: [34, 'void *', ['void *', 'size_t', 'void *']],
  SessionGetInputName: [36, 'void *', ['void *', 'size_t', 'void *', 'void *']],
  SessionGetOutputName: [37, 'void *', ['void *', 'size_t', 'void *', 'void *']],
  SessionGetOverridableInitializerName: [38, 'void *', ['void *', 'size_t', 'void *', 'void *']],
  CreateRunOptions: [39, 'void *', ['void *']],
  CreateTensorAsOrtValue: [48, 'void *', ['void *', 'void *', 'size_t', 'int', 'void *']],
  CreateTensorWithDataAsOrtValue: [49, 'void *', ['void *', 'void *', 'size_t', 'void *', 'size_t', 'int', 'void *']],
  GetTensorMutableData: [51, 'void *', ['void *', 'void *']],
  CastTypeInfoToTensorInfo: [55, 'void *', ['void *', 'void *']],
  GetTensorElementType: [60, 'void *', ['void *', 'void *']],
  GetDimensionsCount: [61, 'void *', ['void *', 'void *']],
  GetDimensions: [62, 'void *', ['void *', 'void *', 'size_t']],
  CreateMemoryInfo: [68, 'void *', ['str', 'int', 'int', 'int', 'void *']],
  CreateCpuMemoryInfo: [69, 'void *', ['int', 'int', 'void *']],
  AllocatorFree: [76, 'void *', ['void *', 'void *']],
  GetAllocatorWithDefaultOptions: [78, 'void *', ['void *']],
  ReleaseStatus: [93, 'void', ['void *']],
  ReleaseMemoryInfo: [94, 'void', ['void *']],
  ReleaseSession: [95, 'void', ['void *']],
  ReleaseValue: [96, 'void', ['void *']],
  ReleaseRunOptions: [97, 'void', ['void *']],
  ReleaseTypeInfo: [98, 'void', ['void *']],
  ReleaseSessionOptions: [100, 'void', ['void *']],
  CreateEnvWithGlobalThreadPools: [119, 'void *', ['int', 'str', 'void *', 'void *']],
  DisablePerSessionThreads: [120, 'void *', ['void *']],
  CreateThreadingOptions: [121, 'void *', ['void *']],
  ReleaseThreadingOptions: [122, 'void', ['void *']],
  GetAvailableProviders: [125, 'void *', ['void *', 'void *']],
  ReleaseAvailableProviders: [126, 'void *', ['void *', 'int']],
  AddSessionConfigEntry: [130, 'void *', ['void *', 'str', 'str']],
  CreateAllocator: [131, 'void *', ['void *', 'void *', 'void *']],
  ReleaseAllocator: [132, 'void', ['void *']],
  RunWithBinding: [133, 'void *', ['void *', 'void *', 'void *']],
  CreateIoBinding: [134, 'void *', ['void *', 'void *']],
  ReleaseIoBinding: [135, 'void', ['void *']],
  BindInput: [136, 'void *', ['void *', 'str', 'void *']],
  BindOutput: [137, 'void *', ['void *', 'str', 'void *']],
  SetGlobalIntraOpNumThreads: [147, 'void *', ['void *', 'int']],
  AddRunConfigEntry: [165, 'void *', ['void *', 'str', 'str']],
  SessionOptionsAppendExecutionProvider_TensorRT_V2: [170, 'void *', ['void *', 'void *']],
  CreateTensorRTProviderOptions: [171, 'void *', ['void *']],
  UpdateTensorRTProviderOptions: [172, 'void *', ['void *', 'str *', 'str *', 'size_t']],
  ReleaseTensorRTProviderOptions: [174, 'void', ['void *']],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'void *', ['void *', 'void *']],
  CreateCUDAProviderOptions: [205, 'void *', ['void *']],
  UpdateCUDAProviderOptions: [206, 'void *', ['void *', 'str *', 'str *', 'size_t']],
  ReleaseCUDAProviderOptions: [208, 'void', ['void *']],
  SessionOptionsAppendExecutionProvider: [216, 'void *', ['void *', 'str', 'void *', 'void *', 'size_t']],
  GetEpDevices: [303, 'void *', ['void *', 'void *', 'void *']],
  SessionOptionsAppendExecutionProvider_V2: [
    304,
    'void *',
    ['void *', 'void *', 'void *', 'size_t', 'str *', 'str *', 'size_t'],
  ],
  HardwareDevice_Type: [307, 'int', ['void *']],
  HardwareDevice_VendorId: [308, 'uint32_t', ['void *']],
  HardwareDevice_Vendor: [309, 'str', ['void *']],
  HardwareDevice_DeviceId: [310, 'uint32_t', ['void *']],
  EpDevice_EpName: [312, 'str', ['void *']],
  EpDevice_Device: [316, 'void *', ['void *']],
} as const;

/** What libraries have since 1.24, in positions that older ones do not reach. */
export const newerTable = {
  Session_GetEpGraphAssignmentInfo: [407, 'void *', ['void *', 'void *', 'void *']],
  EpAssignedSubgraph_GetEpName: [408, 'void *', ['void *', 'void *']],
  EpAssignedSubgraph_GetNodes: [409, 'void *', ['void *', 'void *', 'void *']],
  EpAssignedNode_GetOperatorType: [412, 'void *', ['void *', 'void *']],
} as const;
export const newerVersion = 24;
