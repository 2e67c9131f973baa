#!/usr/bin/env bash
# Octavo against PyTorch on this machine's GPU: one table in less than ten minutes, without network. It lies in the folder that
# "npm run bench:gpu:pack -- --out FOLDER" makes; carry the folder to the machine with the GPU and run it there.
#
#   ./gpu.sh [--python python3] [--devices webgpu,cuda] [--ort-library libonnxruntime.so] [--minutes 9.5]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
main="$here/octavo/bench/gpu/main.mjs"
if [ ! -f "$main" ]; then
  echo "gpu.sh: $main is not there; make the folder with: npm run bench:gpu:pack -- --out FOLDER" >&2
  exit 1
fi
# The packed Node where it runs here, else the machine's own.
for node in "$here/node" node; do
  if "$node" -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2> /dev/null; then
    exec "$node" "$main" "$@"
  fi
done
echo "gpu.sh: the packed Node does not run on this machine ($(uname -sm)), and there is no other of version 20.19 or newer" >&2
exit 1
