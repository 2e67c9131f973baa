/* A library that says it is ONNX Runtime 1.14: no C API newer than 14. OrtApiBase of onnxruntime_c_api.h. */
#include <stddef.h>
#include <stdint.h>

static const void *get_api(uint32_t version) {
  static const void *table[1];
  return version <= 14 ? table : NULL;
}

static const char *get_version(void) { return "1.14.1"; }

static const struct {
  const void *(*GetApi)(uint32_t);
  const char *(*GetVersionString)(void);
} base = {get_api, get_version};

const void *OrtGetApiBase(void) { return &base; }
